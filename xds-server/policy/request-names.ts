/**
 * Second-stage names: what an HTTP request is about, when its path or headers say so. A list to read: the first that fits
 * is the name, so the narrow ones stand first. The same signatures name a request in logs and match it in Envoy.
 */
import type { ApplicationName } from './applications.ts'
import { looksAtPath, matchesHttp } from './http.ts'
import type { HttpMatch, HttpRequest } from './model.ts'
import { clickhouse } from './request-names/clickhouse.ts'
import { consul } from './request-names/consul.ts'
import { couchdb } from './request-names/couchdb.ts'
import { elasticsearch } from './request-names/elasticsearch.ts'
import { etcd } from './request-names/etcd.ts'
import { etcdHttp } from './request-names/etcd-http.ts'
import { graphql } from './request-names/graphql.ts'
import { grpcHealth } from './request-names/grpc-health.ts'
import { grpcReflection } from './request-names/grpc-reflection.ts'
import { influxdb } from './request-names/influxdb.ts'
import { jenkins } from './request-names/jenkins.ts'
import { kubernetes } from './request-names/kubernetes.ts'
import { loki } from './request-names/loki.ts'
import { otlp } from './request-names/otlp.ts'
import { otlpGrpc } from './request-names/otlp-grpc.ts'
import { prometheus } from './request-names/prometheus.ts'
import { rabbitmq } from './request-names/rabbitmq.ts'
import { registry } from './request-names/registry.ts'
import { s3 } from './request-names/s3.ts'
import type { Signature } from './request-names/signature.ts'
import { soap } from './request-names/soap.ts'
import { solr } from './request-names/solr.ts'
import { vault } from './request-names/vault.ts'
import { websocket } from './request-names/websocket.ts'
import { wordpress } from './request-names/wordpress.ts'

/** What a request's connection was recognised as: names of HTTP/1 requests are not looked for in gRPC. */
type Carrier = 'http' | 'grpc'
type Named = { readonly name: ApplicationName; readonly kindOf: Carrier; readonly signature: Signature }

const http = (name: ApplicationName, signature: Signature): Named => ({ name, kindOf: 'http', signature })
const grpc = (name: ApplicationName, signature: Signature): Named => ({ name, kindOf: 'grpc', signature })

/** First what says its name itself, in headers; then paths. */
const list: readonly Named[] = [
  grpc('etcd', etcd),
  grpc('otlp-grpc', otlpGrpc),
  grpc('grpc-health', grpcHealth),
  grpc('grpc-reflection', grpcReflection),
  http('websocket', websocket),
  http('soap', soap),
  http('vault', vault),
  http('s3', s3),
  http('clickhouse', clickhouse),
  http('prometheus', prometheus),
  http('influxdb', influxdb),
  http('kubernetes', kubernetes),
  http('etcd-http', etcdHttp), //  before the registry, whose names may be `keys`
  http('registry', registry),
  http('couchdb', couchdb), //     before Elasticsearch: `_security` and `_bulk_docs` of a database
  http('elasticsearch', elasticsearch),
  http('consul', consul),
  http('loki', loki),
  http('otlp', otlp),
  http('rabbitmq', rabbitmq),
  http('solr', solr),
  http('jenkins', jenkins),
  http('wordpress', wordpress),
  http('graphql', graphql),
]

const places: ReadonlyMap<string, number> = new Map(list.map(({ name }, place) => [name, place]))

/** Is it a name that only requests show? */
export function isRequestName(application: string): boolean {
  return places.has(application)
}

/** The names that requests of this carrier (`http`: HTTP/1; `grpc`) may have. */
export function namesIn(carrier: string): readonly ApplicationName[] {
  return list.filter(({ kindOf }) => kindOf === carrier).map(({ name }) => name)
}

/**
 * How a request shows this name: one of `any` fits, and none of `but`, which are names that come before it.
 * Undefined: no name that requests show.
 */
export function requestSignature(
  application: string,
): { readonly carrier: Carrier; readonly any: readonly HttpMatch[]; readonly but: readonly HttpMatch[] } | undefined {
  const place = places.get(application)
  if (place === undefined) return undefined
  const { kindOf, signature } = list[place]!
  const before = list.slice(0, place).filter((other) => other.kindOf === kindOf)
  return { carrier: kindOf, any: signature, but: before.flatMap((other) => other.signature) }
}

/** The name a request shows; undefined: none, it is just `http` or `grpc`. */
export function nameOfRequest(carrier: string, request: HttpRequest): ApplicationName | undefined {
  return list.find(
    ({ kindOf, signature }) => kindOf === carrier && signature.some((match) => matchesHttp(match, request)),
  )?.name
}

/** Headers that tell names apart: access logs carry their values, so none may hold a secret. Sorted, lower case. */
export const namingHeaders: readonly string[] = [
  ...new Set(list.flatMap(({ signature }) => signature.flatMap(({ headers }) => headers.map(({ name }) => name)))),
].sort()

/** Does it depend on a path's spelling whether a request has this name? */
export function nameLooksAtPath(application: string): boolean {
  const signature = requestSignature(application)
  return signature !== undefined && [...signature.any, ...signature.but].some(looksAtPath)
}

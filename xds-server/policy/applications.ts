/**
 * Applications: the names people use in rules, and how they relate. One list for the sniffer, the compiler and the UI.
 * Imports nothing.
 */

/**
 * Who speaks first on a fresh connection. It decides whether Envoy may wait for the client's bytes before it connects
 * to the app (`client`), or must connect at once and judge the greeting (`server`). `either` is treated as `server`.
 */
export type FirstSpeaker = 'client' | 'server' | 'either'

type ApplicationFacts = {
  readonly speaksFirst: FirstSpeaker
  /** The wider application it is a kind of: a rule for `http` covers `http2` and `grpc`. */
  readonly kindOf?: string
}

/** Ids as rules, events and the sniffer write them. Adding a protocol adds a line here and a file in classifier/protocol. */
export const applications = {
  http: { speaksFirst: 'client' },
  http2: { speaksFirst: 'client', kindOf: 'http' },
  grpc: { speaksFirst: 'client', kindOf: 'http2' },
  tls: { speaksFirst: 'client' },
  ssh: { speaksFirst: 'either' },
  postgresql: { speaksFirst: 'client' },
  mysql: { speaksFirst: 'server' },
  redis: { speaksFirst: 'client' },
  mongodb: { speaksFirst: 'client' },
  kafka: { speaksFirst: 'client' },
  cassandra: { speaksFirst: 'client' },
  memcached: { speaksFirst: 'client' },
  amqp: { speaksFirst: 'client' },
  mqtt: { speaksFirst: 'client' },
  nats: { speaksFirst: 'server' },
  zookeeper: { speaksFirst: 'client' },
  ldap: { speaksFirst: 'client' },
  smtp: { speaksFirst: 'server' },
  ftp: { speaksFirst: 'server' },
  pop3: { speaksFirst: 'server' },
  imap: { speaksFirst: 'server' },
  dns: { speaksFirst: 'client' },
  mssql: { speaksFirst: 'client' },
  oracle: { speaksFirst: 'client' },
  rdp: { speaksFirst: 'client' },
  vnc: { speaksFirst: 'server' },
  rsync: { speaksFirst: 'either' },
  git: { speaksFirst: 'client' },
  // names that requests show (request-names.ts)
  clickhouse: { speaksFirst: 'client', kindOf: 'http' },
  consul: { speaksFirst: 'client', kindOf: 'http' },
  couchdb: { speaksFirst: 'client', kindOf: 'http' },
  elasticsearch: { speaksFirst: 'client', kindOf: 'http' },
  etcd: { speaksFirst: 'client', kindOf: 'grpc' },
  'etcd-http': { speaksFirst: 'client', kindOf: 'http' },
  graphql: { speaksFirst: 'client', kindOf: 'http' },
  'grpc-health': { speaksFirst: 'client', kindOf: 'grpc' },
  'grpc-reflection': { speaksFirst: 'client', kindOf: 'grpc' },
  influxdb: { speaksFirst: 'client', kindOf: 'http' },
  jenkins: { speaksFirst: 'client', kindOf: 'http' },
  kubernetes: { speaksFirst: 'client', kindOf: 'http' },
  loki: { speaksFirst: 'client', kindOf: 'http' },
  otlp: { speaksFirst: 'client', kindOf: 'http' },
  'otlp-grpc': { speaksFirst: 'client', kindOf: 'grpc' },
  prometheus: { speaksFirst: 'client', kindOf: 'http' },
  rabbitmq: { speaksFirst: 'client', kindOf: 'http' },
  registry: { speaksFirst: 'client', kindOf: 'http' },
  s3: { speaksFirst: 'client', kindOf: 'http' },
  soap: { speaksFirst: 'client', kindOf: 'http' },
  solr: { speaksFirst: 'client', kindOf: 'http' },
  vault: { speaksFirst: 'client', kindOf: 'http' },
  websocket: { speaksFirst: 'client', kindOf: 'http' },
  wordpress: { speaksFirst: 'client', kindOf: 'http' },
  unknown: { speaksFirst: 'either' },
} as const satisfies Record<string, ApplicationFacts>

export type ApplicationName = keyof typeof applications

const facts: Readonly<Record<string, ApplicationFacts>> = applications

/** Is this a name rules may use? */
export function isApplication(name: string): name is ApplicationName {
  return Object.hasOwn(facts, name)
}

/** Does a rule that names `wanted` cover a flow recognised as `seen`? (`http` covers `grpc`, not the other way round.) */
export function covers(wanted: string, seen: string): boolean {
  for (let name: string | undefined = seen; name !== undefined; name = facts[name]?.kindOf) {
    if (name === wanted) return true
  }
  return false
}

/** Without those that another of them covers. */
export function widest(names: readonly string[]): readonly string[] {
  return names.filter((name) => !names.some((wider) => wider !== name && covers(wider, name)))
}

/** Who speaks first; an application we do not know is treated as `either`. */
export function speaksFirst(name: string): FirstSpeaker {
  return facts[name]?.speaksFirst ?? 'either'
}

/** Is it HTTP in any of its versions, so that requests can be told apart? */
export function isHttp(name: string): boolean {
  return covers('http', name)
}

/** Applications whose connections say which server they want (SNI or Host). */
export function namesServer(name: string): boolean {
  return name === 'tls' || isHttp(name)
}

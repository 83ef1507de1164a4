/**
 * A pod as the API server sends it: what injection looks at, with its types; everything else is carried along as it is.
 */
import { z } from 'zod'

/** The API server's own bounds are narrower; these keep what we make of it small. */
const maxContainers = 200
const maxListed = 1_000

const text = z.string().max(4_096)
const port = z.int().min(1).max(65_535)
/** A number, or the name of one of the container's ports. */
const target = z.union([port, text])
const seconds = z.int().min(0).max(1_000_000).optional()

const httpGet = z.looseObject({
  path: text.optional(),
  port: target,
  host: text.optional(),
  scheme: z.enum(['HTTP', 'HTTPS']).optional(),
})
const tcpSocket = z.looseObject({ port: target, host: text.optional() })
const grpc = z.looseObject({ port, service: text.nullish() })
const handlers = { httpGet: httpGet.optional(), tcpSocket: tcpSocket.optional(), grpc: grpc.optional() }
/** How a container is asked, without how often. */
export const handlerSchema = z.object(handlers)
const probe = z.looseObject({ ...handlers, periodSeconds: seconds, timeoutSeconds: seconds })

const securityContext = z.looseObject({
  runAsUser: z.int().optional(),
  privileged: z.boolean().optional(),
  capabilities: z.looseObject({ add: z.array(text).max(maxListed).optional() }).optional(),
})

const container = z.looseObject({
  name: text,
  restartPolicy: text.optional(),
  ports: z
    .array(z.looseObject({ name: text.optional(), containerPort: port }))
    .max(maxListed)
    .optional(),
  volumeMounts: z
    .array(z.looseObject({ name: text }))
    .max(maxListed)
    .optional(),
  securityContext: securityContext.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  startupProbe: probe.optional(),
})

// the API server bounds annotations: 256 KiB in all
const texts = z.record(z.string(), z.string())

export const podSchema = z.looseObject({
  metadata: z.looseObject({
    name: text.optional(),
    generateName: text.optional(),
    namespace: text.optional(),
    labels: texts.optional(),
    annotations: texts.optional(),
  }),
  spec: z.looseObject({
    containers: z.array(container).min(1).max(maxContainers),
    initContainers: z.array(container).max(maxContainers).optional(),
    volumes: z
      .array(z.looseObject({ name: text }))
      .max(maxListed)
      .optional(),
    hostNetwork: z.boolean().optional(),
    restartPolicy: text.optional(),
    terminationGracePeriodSeconds: z.int().optional(),
    os: z.looseObject({ name: text }).optional(),
    securityContext: z.looseObject({ runAsUser: z.int().optional() }).optional(),
  }),
})

export type Pod = z.infer<typeof podSchema>
export type Container = z.infer<typeof container>
export type ContainerProbe = z.infer<typeof probe>
export type Handler = z.infer<typeof handlerSchema>
export type Volume = NonNullable<Pod['spec']['volumes']>[number]

/** Where a field is, as `kubectl explain` would write it. */
export function pathOf(parts: readonly PropertyKey[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`
    const name = String(part)
    if (!/^[A-Za-z]\w*$/.test(name)) return `${path}["${name}"]`
    return path === '' ? name : `${path}.${name}`
  }, '')
}

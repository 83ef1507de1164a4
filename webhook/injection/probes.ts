/**
 * Probes that work behind a sidecar: the kubelet asks the sidecar's probe listener, and that the app (compile/probes.ts).
 * What a probe was before stays in an annotation, so that a second call finds it again. Exec probes stay as they are, so
 * do those that ask another host, a port nobody declared under that name, or one that bypasses the sidecar anyway.
 */
import { proxyPorts } from '../../xds-server/compile/names.ts'
import { type Probe, probePath } from '../../xds-server/compile/probes.ts'
import type { Parsed, Problem } from '../../xds-server/policy/model.ts'
import { isOurs, written } from './names.ts'
import { type Container, type ContainerProbe, type Handler, handlerSchema, type Pod } from './pod.ts'

const kinds = [
  ['livenessProbe', 'liveness'],
  ['readinessProbe', 'readiness'],
  ['startupProbe', 'startup'],
] as const

/** Kubernetes' own. */
const defaults = { timeoutSeconds: 1, periodSeconds: 10 } as const

/** `<container>/<kind>` → what asked the app. */
type Originals = Readonly<Record<string, Handler>>

export type RewrittenProbes = {
  readonly containers: readonly Container[]
  readonly initContainers: readonly Container[]
  /** For Envoy. */
  readonly probes: readonly Probe[]
  /** For the annotation. */
  readonly originals: Originals
}

const handlerOf = ({ httpGet, tcpSocket, grpc }: ContainerProbe): Handler => ({
  ...(httpGet && { httpGet }),
  ...(tcpSocket && { tcpSocket }),
  ...(grpc && { grpc }),
})

const isRewritten = (probe: ContainerProbe): boolean => probe.httpGet?.port === proxyPorts.probes

/** Reads our annotation back; one that is not as we write it is none. */
function keptIn(pod: Pod): Originals {
  const kept = pod.metadata.annotations?.[written.probes]
  if (kept === undefined) return {}
  try {
    const entries = Object.entries(JSON.parse(kept) as object).flatMap(([name, handler]) => {
      const read = handlerSchema.safeParse(handler)
      return read.success ? [[name, read.data] as const] : []
    })
    return Object.fromEntries(entries)
  } catch {
    return {}
  }
}

function portOf(target: number | string, { ports }: Container): number | undefined {
  if (typeof target === 'number') return target
  return ports?.find(({ name }) => name === target)?.containerPort
}

/** Undefined: the kubelet reaches what it asks without us. */
function asked(name: string, handler: Handler, probe: ContainerProbe, container: Container): Probe | undefined {
  const { httpGet, tcpSocket, grpc } = handler
  const timeoutSeconds = probe.timeoutSeconds ?? defaults.timeoutSeconds
  const periodSeconds = probe.periodSeconds ?? defaults.periodSeconds
  const direct = httpGet ?? tcpSocket
  const port = direct ? portOf(direct.port, container) : grpc?.port
  if (port === undefined || (direct?.host ?? '') !== '') return undefined
  const target = { name, port, timeoutSeconds }
  if (httpGet) return { kind: 'http', ...target, tls: httpGet.scheme === 'HTTPS', path: pathOf(httpGet.path) }
  if (tcpSocket) return { kind: 'tcp', ...target, periodSeconds }
  return { kind: 'grpc', ...target, service: grpc!.service ?? '', periodSeconds }
}

const pathOf = (path = ''): string => (path.startsWith('/') ? path : `/${path}`)

/** The headers go with it: an app may want its Host. */
function rewritten(probe: ContainerProbe, { httpGet }: Handler, name: string): ContainerProbe {
  const { httpGet: _, tcpSocket: __, grpc: ___, ...rest } = probe
  const headers = httpGet?.httpHeaders
  const get = { path: probePath(name), port: proxyPorts.probes, scheme: 'HTTP' as const }
  return { ...rest, httpGet: { ...get, ...(headers !== undefined && { httpHeaders: headers }) } }
}

/**
 * @param excluded ports that bypass the sidecar
 * @param rewrite false: probes become what they were
 */
export function rewriteProbes(pod: Pod, excluded: readonly number[], rewrite: boolean): Parsed<RewrittenProbes> {
  const kept = keptIn(pod)
  const problems: Problem[] = []
  const probes: Probe[] = []
  const originals: Record<string, Handler> = {}

  function judge(container: Container, probe: ContainerProbe, name: string, path: string): ContainerProbe {
    const handler = isRewritten(probe) ? kept[name] : handlerOf(probe)
    if (handler === undefined) {
      problems.push({ path, message: `asks the sidecar's port ${proxyPorts.probes}, and what it asked before is lost` })
      return probe
    }
    const target = asked(name, handler, probe, container)
    if (target === undefined || !rewrite || excluded.includes(target.port)) return restored(probe, handler)
    probes.push(target)
    originals[name] = handler
    return rewritten(probe, handler, name)
  }
  function all(list: readonly Container[], field: string): readonly Container[] {
    return list.map((container, i) => {
      if (isOurs(container)) return container
      const judged = kinds.flatMap(([key, kind]) => {
        const probe = container[key]
        if (probe === undefined) return []
        const path = `spec.${field}[${i}].${key}`
        return [[key, judge(container, probe, `${container.name}/${kind}`, path)] as const]
      })
      return { ...container, ...Object.fromEntries(judged) }
    })
  }
  const containers = all(pod.spec.containers, 'containers')
  const initContainers = all(pod.spec.initContainers ?? [], 'initContainers')
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: { containers, initContainers, probes, originals } }
}

function restored(probe: ContainerProbe, handler: Handler): ContainerProbe {
  if (!isRewritten(probe)) return probe
  const { httpGet: _, ...rest } = probe
  return { ...rest, ...handler }
}

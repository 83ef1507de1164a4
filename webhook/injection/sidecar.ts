/**
 * What is added to a pod: the container that redirects, the sidecar, their volumes. Every default of the API server is
 * written out, so that what comes back on a second call is, byte for byte, what we would write again.
 */
import { bootstrap, envoyArgumentsAt, tokenSource } from '../../xds-server/compile/bootstrap.ts'
import { proxyPorts } from '../../xds-server/compile/names.ts'
import { type Probe, readyPath } from '../../xds-server/compile/probes.ts'
import type { PodOptions } from './annotations.ts'
import { containerNames, proxyUid, volumeNames } from './names.ts'
import type { Container, Volume } from './pod.ts'
import { quantity } from './quantity.ts'
import type { InjectionSettings, Resources } from './settings.ts'

const tokenAudience = 'postern'
/** The kubelet renews it at 80 %. The API server takes nothing shorter than ten minutes. */
const tokenSeconds = 3600

/** The ServiceAccount admission mounts the app's token here, unless something is there already. */
const tokenFolder = '/var/run/secrets/kubernetes.io/serviceaccount'
const runFolder = '/var/run/postern'
const sourceFile = `${runFolder}/token.json`

const variables = { uid: '$(POSTERN_POD_UID)', ip: '$(POSTERN_POD_IP)' } as const

const apiDefaults = {
  imagePullPolicy: 'IfNotPresent',
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
} as const

export const volumes: readonly Volume[] = [
  {
    name: volumeNames.token,
    projected: {
      sources: [{ serviceAccountToken: { audience: tokenAudience, expirationSeconds: tokenSeconds, path: 'token' } }],
      defaultMode: 0o644,
    },
  },
  { name: volumeNames.run, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
]

function resourcesOf({ cpuRequest, memoryRequest, cpuLimit, memoryLimit }: Resources): object {
  return {
    requests: { cpu: cpuRequest, memory: memoryRequest },
    limits: { ...(cpuLimit !== undefined && { cpu: cpuLimit }), memory: memoryLimit },
  }
}

/** The file tells Envoy where its token is (`TokenFile`); no other container of the pod has a shell for sure. */
const initScript = `printf %s "$POSTERN_TOKEN_SOURCE" > ${sourceFile}; exec /bin/sh /postern/redirect.sh "$@"`

function redirectArguments({ excludeInbound, excludeOutbound }: PodOptions): readonly string[] {
  const inbound = [...new Set([proxyPorts.probes, ...excludeInbound])].join(',')
  const outbound = excludeOutbound.length === 0 ? [] : ['--exclude-outbound', excludeOutbound.join(',')]
  return ['--exclude-inbound', inbound, ...outbound]
}

/** Root with two capabilities, for as long as it takes to write a few rules: the one exception to "restricted". */
export function initContainer(options: PodOptions, settings: InjectionSettings): Container {
  return {
    name: containerNames.init,
    image: settings.initImage,
    command: ['/bin/sh', '-ec', initScript, containerNames.init],
    args: redirectArguments(options),
    env: [
      { name: 'POSTERN_TOKEN_SOURCE', value: JSON.stringify(tokenSource(`${tokenFolder}/token`)) },
      // iptables' lock, where the root is not to be written
      { name: 'XTABLES_LOCKFILE', value: `${runFolder}/xtables.lock` },
    ],
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
    securityContext: {
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [
      { name: volumeNames.run, mountPath: runFolder },
      { name: volumeNames.run, mountPath: tokenFolder, readOnly: true },
    ],
    ...apiDefaults,
  }
}

/** Of the memory limit; the rest is the sniffer's VM and what a heap figure does not see. */
const heapShare = 2 / 3

/** Kubernetes replaces `$(NAME)` in arguments; `$$` is a `$`. */
function bootstrapText(options: PodOptions, settings: InjectionSettings, probes: readonly Probe[]): string {
  const { controlPlane, ca } = settings
  const text = JSON.stringify(
    bootstrap({
      nodeId: variables.uid,
      token: { source: sourceFile },
      controlPlane: { ...controlPlane, ca },
      adminSocket: `${runFolder}/admin.sock`,
      maxHeapBytes: Math.floor(quantity(options.resources.memoryLimit)! * heapShare),
      probes: { address: variables.ip, probes },
    }),
  ).replaceAll('$', '$$$$')
  return Object.values(variables).reduce((all, name) => all.replaceAll(`"$${name}"`, () => `"${name}"`), text)
}

const fieldRef = (name: string, fieldPath: string) => ({
  name,
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
})

const ready = { httpGet: { path: readyPath, port: proxyPorts.probes, scheme: 'HTTP' as const }, timeoutSeconds: 1 }
/** The first configuration may take a while when a whole cluster starts; the app waits for it. */
const startupProbe = { ...ready, periodSeconds: 1, successThreshold: 1, failureThreshold: 300 }
const readinessProbe = { ...ready, periodSeconds: 5, successThreshold: 1, failureThreshold: 2 }

/** Since 1.30 a hook can sleep; before, the image would need a shell. */
const sleepSince = 30
/** Kubernetes' own. */
const defaultGraceSeconds = 30

/** Undefined: the sidecar ends when it is told to. */
function preStop(options: PodOptions, settings: InjectionSettings, graceSeconds = defaultGraceSeconds) {
  const seconds = Math.min(options.drainSeconds, graceSeconds)
  if (seconds < 1 || settings.kubernetesMinor < sleepSince) return undefined
  return { lifecycle: { preStop: { sleep: { seconds } } } }
}

export type SidecarOf = { readonly probes: readonly Probe[]; readonly graceSeconds: number | undefined }

export function proxyContainer(options: PodOptions, settings: InjectionSettings, pod: SidecarOf): Container {
  return {
    name: containerNames.proxy,
    image: options.proxyImage,
    ...(options.sidecar === 'native' && { restartPolicy: 'Always' }),
    command: ['/usr/local/bin/envoy'],
    args: ['--config-yaml', bootstrapText(options, settings, pod.probes), ...envoyArgumentsAt(options.logLevel)],
    env: [fieldRef('POSTERN_POD_UID', 'metadata.uid'), fieldRef('POSTERN_POD_IP', 'status.podIP')],
    resources: resourcesOf(options.resources),
    startupProbe,
    readinessProbe,
    ...preStop(options, settings, pod.graceSeconds),
    securityContext: {
      runAsUser: proxyUid,
      runAsGroup: proxyUid,
      runAsNonRoot: true,
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [
      { name: volumeNames.run, mountPath: runFolder },
      { name: volumeNames.token, mountPath: tokenFolder, readOnly: true },
    ],
    ...apiDefaults,
  }
}

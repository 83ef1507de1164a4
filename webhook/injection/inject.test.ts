import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyPatch } from '../testdata/apply-patch.ts'
import { caseNames, golden, namespaceOf, podOf, settingsOf, shown, writeGolden } from '../testdata/cases.ts'
import { settings } from '../testdata/settings.ts'
import { inject, templateHash } from './inject.ts'
import { isOurs } from './names.ts'
import { type Pod, podSchema } from './pod.ts'
import type { InjectionSettings } from './settings.ts'

describe('each case becomes what was reviewed (UPDATE_GOLDENS=1 rewrites)', () => {
  test.each(caseNames)('%s', (name) => {
    const now = shown(name)
    if (process.env.UPDATE_GOLDENS === '1') writeGolden(name, now)
    expect([now]).toEqual(golden(name))
  })
})

/** @throws where it is not injected */
function patched(pod: Pod, by: InjectionSettings = settings): Pod {
  const injection = inject(pod, namespaceOf(pod), by)
  if (injection.kind !== 'patch') throw new Error(JSON.stringify(injection))
  return podSchema.parse(applyPatch(pod, injection.patch))
}

const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/)
const port = fc.integer({ min: 1, max: 14_000 })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const path = fc.constantFrom('/', 'healthz', '/a?b=c', '/$(HOME)/$$')
const handler = fc.oneof(
  fc.record({ httpGet: fc.record({ port: fc.oneof(port, fc.constant('main')), path }) }),
  fc.record({ tcpSocket: fc.record({ port: fc.oneof(port, fc.constant('gone')) }) }),
  fc.record({ grpc: fc.record({ port, service: name }) }),
  fc.record({ exec: fc.record({ command: fc.array(name) }) }),
)
const probe = optional(fc.tuple(handler, fc.record({ periodSeconds: fc.integer({ min: 1, max: 60 }) })))
const container = fc
  .record({
    name,
    image: fc.constant('app:1'),
    ports: optional(fc.array(fc.record({ name: fc.constant('main'), containerPort: port }), { maxLength: 2 })),
    restartPolicy: optional(fc.constant('Always')),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
  })
  .map(({ livenessProbe, readinessProbe, startupProbe, ...rest }) => ({
    ...rest,
    ...(livenessProbe && { livenessProbe: { ...livenessProbe[0], ...livenessProbe[1] } }),
    ...(readinessProbe && { readinessProbe: { ...readinessProbe[0], ...readinessProbe[1] } }),
    ...(startupProbe && { startupProbe: { ...startupProbe[0], ...startupProbe[1] } }),
  }))
const uniquely = { maxLength: 4, selector: (one: { readonly name: string }) => one.name }
const aPod = fc
  .record({
    metadata: fc.record({
      generateName: fc.constant('web-'),
      annotations: optional(
        fc.constantFrom(
          {},
          { 'example.com/x': 'y' },
          { 'postern.dev/sidecar': 'plain' },
          { 'postern.dev/exclude-inbound-ports': '80,8080' },
        ),
      ),
    }),
    spec: fc.record({
      containers: fc.uniqueArray(container, { minLength: 1, ...uniquely }),
      // names are unique in a pod, not only in a list
      initContainers: optional(
        fc.uniqueArray(
          container.map((one) => ({ ...one, name: `init-${one.name}` })),
          uniquely,
        ),
      ),
      volumes: optional(fc.uniqueArray(fc.record({ name, emptyDir: fc.constant({}) }), uniquely)),
      terminationGracePeriodSeconds: optional(fc.integer({ min: 0, max: 60 })),
    }),
  })
  .map((pod) => podSchema.parse(JSON.parse(JSON.stringify(pod))))
const someSettings = fc
  .record({ kubernetesMinor: fc.integer({ min: 25, max: 40 }), proxyImage: fc.constantFrom('envoy:1', 'envoy:2') })
  .map((some) => ({ ...settings, ...some }))

const withoutProbes = ({ livenessProbe, readinessProbe, startupProbe, ...rest }: Pod['spec']['containers'][number]) =>
  rest

describe('whatever the pod', () => {
  test('injected once, it needs no patch', () => {
    fc.assert(
      fc.property(aPod, someSettings, (pod, by) => {
        const once = patched(pod, by)
        expect(inject(once, 'shop', by)).toEqual({ kind: 'patch', patch: [] })
      }),
    )
  })

  test('nothing of its own changes but probes, and they only where the kubelet would have met the sidecar', () => {
    fc.assert(
      fc.property(aPod, someSettings, (pod, by) => {
        const { metadata, spec } = patched(pod, by)
        const own = <T extends { readonly name: string }>(list: readonly T[] = []) => list.filter((one) => !isOurs(one))
        expect(own(spec.containers).map(withoutProbes)).toEqual(pod.spec.containers.map(withoutProbes))
        expect(own(spec.initContainers).map(withoutProbes)).toEqual((pod.spec.initContainers ?? []).map(withoutProbes))
        const { containers: _, initContainers: __, volumes, ...rest } = spec
        const { containers: ___, initContainers: ____, volumes: before = [], ...restBefore } = pod.spec
        expect(rest).toEqual(restBefore)
        expect(volumes!.slice(0, before.length)).toEqual(before)
        const { annotations, ...meta } = metadata
        const { annotations: annotationsBefore, ...metaBefore } = pod.metadata
        expect(meta).toEqual(metaBefore)
        expect(annotations).toMatchObject(annotationsBefore ?? {})
      }),
    )
  })

  test('with rewriting switched off afterwards its probes are what they were', () => {
    fc.assert(
      fc.property(aPod, (pod) => {
        const injected = patched(pod)
        const annotations = { ...injected.metadata.annotations, 'postern.dev/rewrite-probes': 'disabled' }
        const back = patched({ ...injected, metadata: { ...injected.metadata, annotations } })
        expect(back.spec.containers.filter((one) => !isOurs(one))).toEqual(pod.spec.containers)
      }),
    )
  })

  test('other settings later make of an injected pod what they make of the pod', () => {
    fc.assert(
      fc.property(aPod, someSettings, someSettings, (pod, first, then) => {
        const again = patched(patched(pod, first), then)
        const fresh = patched(pod, then)
        expect(again.spec.containers.map((one) => one.name).sort()).toEqual(
          fresh.spec.containers.map((one) => one.name).sort(),
        )
        expect(again.spec.initContainers).toEqual(fresh.spec.initContainers)
        expect(again.metadata).toEqual(fresh.metadata)
      }),
    )
  })
})

test('a container that a later webhook adds has its probes rewritten on the second call', () => {
  const pod = patched(podOf('deployment'))
  const late = { name: 'late', image: 'late:1', livenessProbe: { tcpSocket: { port: 7000 } } }
  const again = patched({ ...pod, spec: { ...pod.spec, containers: [...pod.spec.containers, late] } })
  expect(again.spec.containers.at(-1)!.livenessProbe!.httpGet).toEqual({
    path: '/probe/late/liveness',
    port: 15020,
    scheme: 'HTTP',
  })
  expect(JSON.parse(again.metadata.annotations!['postern.dev/probes']!)).toEqual({
    'app/readiness': { httpGet: podOf('deployment').spec.containers[0]!.readinessProbe!.httpGet },
    'late/liveness': { tcpSocket: { port: 7000 } },
  })
})

test('what a LimitRange adds to the sidecar stays, and anything else that was added goes', () => {
  const pod = patched(podOf('bare'))
  const [init, proxy] = pod.spec.initContainers!
  const resources = proxy!.resources as { readonly limits: object }
  const ranged = { ...proxy!, resources: { ...resources, limits: { ...resources.limits, cpu: '2' } } }
  const withInits = (second: typeof proxy) => ({ ...pod, spec: { ...pod.spec, initContainers: [init!, second!] } })
  expect(inject(withInits(ranged), 'shop', settings)).toEqual({ kind: 'patch', patch: [] })
  const tampered = withInits({ ...ranged, envFrom: [{ secretRef: { name: 'x' } }], image: 'evil:1' })
  expect(patched(tampered)).toEqual(withInits(ranged))
})

test('more probes than an argument of a process can hold are a problem', () => {
  const one = { httpGet: { port: 80, path: `/${'a'.repeat(3_000)}` } }
  const containers = Array.from({ length: 20 }, (_, i) => ({ name: `c${i}`, livenessProbe: one, readinessProbe: one }))
  const pod = podSchema.parse({ metadata: {}, spec: { containers } })
  expect(inject(pod, 'shop', settings)).toEqual({
    kind: 'refused',
    problems: [{ path: 'spec.containers', message: 'have too many probes' }],
  })
})

test('the template of other settings has another hash', () => {
  const hashes = [settings, { ...settings, ca: `${settings.ca}x` }, { ...settings, proxyImage: 'envoy:2' }].map(
    templateHash,
  )
  expect(new Set(hashes).size).toBe(3)
  expect(hashes[0]).toMatch(/^[0-9a-f]{12}$/)
  expect(templateHash({ ...settings })).toBe(hashes[0])
})

test('settings of a case replace those of the others', () => {
  expect(settingsOf('plain-sidecar').kubernetesMinor).toBe(28)
})

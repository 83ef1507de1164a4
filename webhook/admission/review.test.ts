import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Operation } from '../injection/json-patch.ts'
import { applyPatch } from '../testdata/apply-patch.ts'
import { podOf } from '../testdata/cases.ts'
import { aReview, uid } from '../testdata/review.ts'
import { settings } from '../testdata/settings.ts'
import { answer, failure } from './review.ts'

type Response = {
  readonly uid: string
  readonly allowed: boolean
  readonly patch?: string
  readonly patchType?: string
}

/** @throws where nobody is answered */
function responseTo(text: string): Response & { readonly [more: string]: unknown } {
  const given = answer(text, settings)
  if (given.outcome === 'unreadable') throw new Error(JSON.stringify(given.problems))
  return (given.review as { response: Response & { readonly [more: string]: unknown } }).response
}
const patchOf = ({ patch }: Response): readonly Operation[] => JSON.parse(Buffer.from(patch!, 'base64').toString())

test('a pod of a ReplicaSet gets its sidecar, and once it has it nothing more', () => {
  const pod = podOf('deployment')
  const response = responseTo(aReview(pod))
  expect({ ...response, patch: undefined }).toEqual({ uid, allowed: true, patchType: 'JSONPatch', patch: undefined })
  const patched = applyPatch(pod, patchOf(response))
  expect(patched.spec.initContainers!.map(({ name }) => name)).toEqual(['postern-init', 'postern-proxy'])
  expect(responseTo(aReview(patched))).toEqual({ uid, allowed: true })
})

test('a dry run hears what the real thing would', () => {
  expect(responseTo(aReview(podOf('bare'), { dryRun: true }))).toEqual(responseTo(aReview(podOf('bare'))))
})

test('every problem is in the message, each with its path', () => {
  expect(responseTo(aReview(podOf('uid-clash'), { uid: 'x' }))).toEqual({
    uid: 'x',
    allowed: false,
    status: {
      code: 422,
      reason: 'Invalid',
      message:
        'Postern can not inject this pod:\n' +
        "spec.securityContext.runAsUser: is the sidecar's own (14747): traffic of this user passes unseen\n" +
        "spec.containers[0].securityContext.runAsUser: is the sidecar's own (14747): traffic of this user passes unseen",
    },
  })
})

test('a pod that is left alone says why', () => {
  expect(responseTo(aReview(podOf('host-network')))).toEqual({
    uid,
    allowed: true,
    warnings: [
      "Postern leaves this pod alone: hostNetwork: the pod's network is the node's, no sidecar can stand before it",
    ],
  })
})

test('the namespace is the one of the request', () => {
  const { allowed, warnings } = responseTo(aReview(podOf('bare'), { namespace: 'postern' }))
  expect([allowed, warnings]).toEqual([true, ['Postern leaves this pod alone: the namespace postern is excluded']])
})

test.each([
  ['an ephemeral container', { operation: 'UPDATE', subResource: 'ephemeralcontainers' }],
  ['a binding', { subResource: 'binding' }],
  ['an update', { operation: 'UPDATE' }],
  ['something else called pods', { resource: { group: 'metrics.k8s.io', version: 'v1beta1', resource: 'pods' } }],
])('%s is not ours to judge', (_, more) => {
  expect(responseTo(aReview({ anything: true }, more))).toEqual({ uid, allowed: true })
})

test('a pod that is none is refused, with every problem', () => {
  const object = { metadata: { labels: { app: 7 } }, spec: { containers: [{ ports: [{ containerPort: 'http' }] }] } }
  const { allowed, status } = responseTo(aReview(object)) as unknown as {
    allowed: boolean
    status: { message: string }
  }
  expect(allowed).toBe(false)
  const paths = status.message
    .split('\n')
    .slice(1)
    .map((line) => line.split(': ')[0])
  expect(paths).toEqual(['metadata.labels.app', 'spec.containers[0].name', 'spec.containers[0].ports[0].containerPort'])
})

test('a message has an end', () => {
  const containers = Array.from({ length: 200 }, () => ({}))
  const { status } = responseTo(aReview({ metadata: {}, spec: { containers } })) as unknown as {
    status: { message: string }
  }
  expect(status.message.split('\n').length).toBe(52)
  expect(status.message).toMatch(/\nand 150 more$/)
})

test.each([
  ['{', [{ path: '', message: 'is no JSON' }]],
  ['{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', [expect.objectContaining({ path: 'request' })]],
  [aReview({}).replace('/v1"', '/v1beta1"'), [expect.objectContaining({ path: 'apiVersion' })]],
])('what is no review has nobody to answer to', (text, problems) => {
  expect(answer(text, settings)).toEqual({ outcome: 'unreadable', problems })
})

test('an error of our own does not allow', () => {
  const given = failure(aReview(podOf('bare')))
  expect(given).toMatchObject({
    outcome: 'failed',
    review: { response: { uid, allowed: false, status: { code: 500 } } },
  })
})

test('whatever the object, there is an answer with the uid', () => {
  const known = ['metadata', 'spec', 'containers', 'initContainers', 'annotations', 'name', 'ports', '__proto__']
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, 0, 'a', 'postern.dev/x', true),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...known), tie('tree'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(tree, (object) => {
      expect(responseTo(aReview(object)).uid).toBe(uid)
    }),
  )
})

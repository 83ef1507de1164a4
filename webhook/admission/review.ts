/**
 * One AdmissionReview (admission.k8s.io/v1) in, one out. Read once, here.
 *
 * Promises: what can not be read is refused, with every problem and its path; the answer to a dry run is the answer to
 * the real thing, for nothing has side effects. Never judges what is not the creation of a pod (the ephemeral containers
 * of a running one, say): that is allowed as it is.
 */
import { z } from 'zod'
import type { Problem } from '../../xds-server/policy/model.ts'
import { type Injection, inject } from '../injection/inject.ts'
import { type Pod, pathOf, podSchema } from '../injection/pod.ts'
import type { InjectionSettings } from '../injection/settings.ts'

export const mediaType = 'application/json'
const apiVersion = 'admission.k8s.io/v1'
const kind = 'AdmissionReview'

const name = z.string().max(253)
const reviewSchema = z.looseObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal(kind),
  request: z.looseObject({
    uid: z.string().min(1).max(128),
    operation: z.string().max(64),
    resource: z.looseObject({ group: name, version: name, resource: name }),
    subResource: name.optional(),
    namespace: name.optional(),
    object: z.unknown(),
  }),
})
type Request = z.infer<typeof reviewSchema>['request']

/** What became of a request; `unreadable` has no uid to answer to. */
export type Outcome = 'injected' | 'unchanged' | 'skipped' | 'refused' | 'not-ours' | 'unreadable' | 'failed'
export type Answer =
  | { readonly outcome: Exclude<Outcome, 'unreadable'>; readonly uid: string; readonly review: object }
  | { readonly outcome: 'unreadable'; readonly problems: readonly Problem[] }

const problemsOf = ({ issues }: z.ZodError, root = ''): readonly Problem[] =>
  issues.map(({ path, message }) => ({ path: pathOf(root === '' ? path : [root, ...path]), message }))

const isPodCreated = ({ operation, resource, subResource = '' }: Request): boolean =>
  operation === 'CREATE' && resource.group === '' && resource.resource === 'pods' && subResource === ''

export function answer(text: string, settings: InjectionSettings): Answer {
  const json = parseJson(text)
  if (!json.ok) return { outcome: 'unreadable', problems: [{ path: '', message: 'is no JSON' }] }
  const parsed = reviewSchema.safeParse(json.value)
  if (!parsed.success) return { outcome: 'unreadable', problems: problemsOf(parsed.error) }
  const { request } = parsed.data
  if (!isPodCreated(request)) return reviewed('not-ours', request, { allowed: true })
  const pod = podSchema.safeParse(request.object)
  const injection: Injection = pod.success
    ? inject(pod.data, namespaceOf(request, pod.data), settings)
    : { kind: 'refused', problems: problemsOf(pod.error) }
  return respond(injection, request)
}

function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false }
  }
}

const namespaceOf = (request: Request, pod: Pod): string => request.namespace ?? pod.metadata.namespace ?? ''

function reviewed(outcome: Exclude<Outcome, 'unreadable'>, { uid }: Pick<Request, 'uid'>, response: object): Answer {
  return { outcome, uid, review: { apiVersion, kind, response: { uid, ...response } } }
}

function respond(injection: Injection, request: Request): Answer {
  switch (injection.kind) {
    case 'skip': {
      const warnings = [`Postern leaves this pod alone: ${injection.reason}`]
      return reviewed('skipped', request, { allowed: true, warnings })
    }
    case 'refused':
      return reviewed('refused', request, refusal('Postern can not inject this pod', injection.problems))
    case 'patch': {
      if (injection.patch.length === 0) return reviewed('unchanged', request, { allowed: true })
      const patch = Buffer.from(JSON.stringify(injection.patch)).toString('base64')
      return reviewed('injected', request, { allowed: true, patchType: 'JSONPatch', patch })
    }
  }
}

/** More than this nobody reads in a terminal. */
const maxProblems = 50

function refusal(what: string, problems: readonly Problem[]): object {
  const lines = problems.slice(0, maxProblems).map(({ path, message }) => `${path}: ${message}`)
  const more = problems.length > maxProblems ? [`and ${problems.length - maxProblems} more`] : []
  const message = `${what}:\n${[...lines, ...more].join('\n')}`
  return { allowed: false, status: { code: 422, reason: 'Invalid', message } }
}

/** Something is wrong with us: closed. The cause is in the log. */
export function failure(text: string): Answer {
  const json = parseJson(text)
  const parsed = reviewSchema.safeParse(json.ok ? json.value : undefined)
  if (!parsed.success) return { outcome: 'unreadable', problems: problemsOf(parsed.error) }
  const message = 'Postern could not judge this pod: an error of its own, see the log of the webhook'
  return reviewed('failed', parsed.data.request, {
    allowed: false,
    status: { code: 500, reason: 'InternalError', message },
  })
}

/** `why`: the decision about a flow, asked before it happens, or found again by the incident id a client was told. */
import { z } from 'zod'
import { event } from './observed.ts'
import { nameText, route, wholeNumber } from './route.ts'
import { verdict } from './verdict.ts'

/** Which address stands for what was asked: a pod, a group's first member, an address itself. */
const resolved = z.object({
  /** As it was asked. */
  text: z.string(),
  ip: z.string(),
  /** In words: `first of 4 members of web`. */
  meaning: z.string(),
})

/** `name: value` as in HTTP; may be repeated. */
const headerText = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}:.{0,4096}$/, 'Write it as name:value.')

export const whyRoutes = {
  askWhy: route({
    method: 'GET',
    path: '/why',
    summary: 'What would happen to a flow, with the trace of the decision',
    query: z.strictObject({
      /** Workload id, pod name, namespace/name, group, or address. */
      source: nameText,
      destination: nameText,
      port: wholeNumber(1, 65_535),
      protocol: z.enum(['tcp', 'udp']).default('tcp'),
      /** Left out: the decision at connect time. */
      application: nameText.optional(),
      method: nameText.optional(),
      path: z.string().max(8_192).optional(),
      host: nameText.optional(),
      /** `package.Service/Method`. */
      grpc: nameText.optional(),
      header: z.union([headerText, z.array(headerText).max(100).readonly()]).optional(),
    }),
    answer: z.object({ source: resolved, destination: resolved, verdict }),
  }),
  readIncident: route({
    method: 'GET',
    path: '/incidents/:incident',
    summary: 'The event of an incident id',
    params: z.strictObject({ incident: nameText }),
    answer: z.object({ event }),
  }),
}

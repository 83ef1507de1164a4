/** What has been found in one request and its response: what a refusal says, and what the access log is told. */
import { incidentHeader, inspectionMetadata, refusalDetails } from '../../xds-server/compile/names.ts'
import type { Finding, Verdict } from '../inspection/model.ts'
import type { Side } from './messages/request.ts'
import type { Immediate, Metadata, Value } from './messages/response.ts'

/** Findings in the metadata; `found` counts all. */
const maxFindings = 16

/** In the order of what it means for the request. */
const actions = ['pass', 'mask', 'error', 'deny'] as const
type Action = (typeof actions)[number]

export type Summary = {
  readonly action: Action
  readonly score: number
  readonly found: number
  readonly partial: string | undefined
  readonly findings: readonly Finding[]
}

export const nothingFound: Summary = { action: 'pass', score: 0, found: 0, partial: undefined, findings: [] }

const worse = (one: Action, other: Action): Action => (actions.indexOf(one) >= actions.indexOf(other) ? one : other)

function actionOf({ action, masked, findings }: Verdict): Action {
  return action === 'pass' && masked !== undefined && findings.length > 0 ? 'mask' : action
}

export function added(summary: Summary, verdict: Verdict): Summary {
  const nothing = verdict.action === 'pass' && verdict.found === 0 && verdict.partial === undefined
  if (nothing) return summary
  return {
    action: worse(summary.action, actionOf(verdict)),
    score: Math.max(summary.score, verdict.score),
    found: summary.found + verdict.found,
    partial: summary.partial ?? verdict.partial,
    findings: [...summary.findings, ...verdict.findings].slice(0, maxFindings),
  }
}

/** Undefined where there is nothing to say. */
export function metadataOf(summary: Summary, profile: string): Metadata | undefined {
  if (summary === nothingFound) return undefined
  const { action, score, found, partial, findings } = summary
  return {
    [inspectionMetadata]: {
      action,
      profile,
      score,
      found,
      ...(partial === undefined ? {} : { partial }),
      findings: findings.map((finding) => ({ ...finding }) as { readonly [name: string]: Value }),
    },
  }
}

/** gRPC's codes for what a client is told (grpc.github.io: HTTP to gRPC status code mapping). */
const grpcStatusOf: Readonly<Record<number, number>> = { 400: 13, 408: 4, 413: 8, 503: 14 }
const permissionDenied = 7

/** In the access log's RESPONSE_CODE_DETAILS: who refused. */
export function detailsOf(findings: readonly Finding[]): string {
  const kind = findings[0]?.kind
  return kind === undefined ? refusalDetails.noVerdict : refusalDetails[kind]
}

/** What a refused client gets. A refused response is 403 whatever the reason: what its server said is not the client's to know. */
export function refusal(side: Side, verdict: Pick<Verdict, 'status' | 'findings'>, incident: string): Immediate {
  const status = side === 'response' && verdict.status < 500 ? 403 : verdict.status
  return {
    status,
    headers: [[incidentHeader, incident]],
    body: `Denied by inspection. Incident ${incident}\n`,
    grpcStatus: grpcStatusOf[status] ?? permissionDenied,
    details: detailsOf(verdict.findings),
  }
}

/** No verdict could be had. */
export const noVerdict: Verdict = {
  action: 'error',
  status: 503,
  findings: [],
  found: 0,
  score: 0,
  partial: 'no verdict',
  masked: undefined,
  decoded: false,
  us: 0,
}

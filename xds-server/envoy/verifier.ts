/**
 * Who is at the other end of a stream. A sidecar proves with a token that it is the workload whose `node.id` it claims;
 * how tokens come about (lab file, later a Kubernetes TokenReview) is behind `Verifier`.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Metadata } from '@grpc/grpc-js'

export type Verification =
  | { readonly ok: true /** Workload id; equals the claimed node id. */; readonly workload: string }
  /** `unknown`: no such token (gRPC UNAUTHENTICATED). `forbidden`: somebody else's token (PERMISSION_DENIED). */
  | { readonly ok: false; readonly refusal: 'unknown' | 'forbidden'; readonly reason: string }

export interface Verifier {
  /** `nodeId` is the id of the first message's node: claimed, not yet believed. Rejects only where it could not judge. */
  verify(token: string | undefined, nodeId: string): Promise<Verification>
}

/** Longer credentials are no tokens of ours; they are not even hashed. */
const maxTokenBytes = 8 * 1024
const scheme = /^Bearer ([\x21-\x7e]+)$/i

/** The token of `authorization: Bearer …`, or undefined. Two of them are none: which one would be believed? */
export function bearerToken(metadata: Metadata): string | undefined {
  const values = metadata.get('authorization')
  const [value] = values
  if (values.length !== 1 || typeof value !== 'string' || value.length > maxTokenBytes) return undefined
  return scheme.exec(value)?.[1]
}

/** Workload id → SHA-256 of its token. */
export type TokenTable = ReadonlyMap<string, Buffer>

type TokenProblem = { readonly path: string; readonly message: string }
export type ParsedTokens =
  | { readonly ok: true; readonly value: TokenTable }
  | { readonly ok: false; readonly problems: readonly TokenProblem[] }

const sha256 = (text: string) => createHash('sha256').update(text).digest()

/** A line of the token file: the file holds no secret, only what checks one. */
export const tokenLine = (workload: string, token: string): string => `${workload} ${sha256(token).toString('hex')}`

/** Reads a token file: one `<workload id> <sha256 of the token, hex>` a line; empty lines and `#` comments are skipped. */
export function parseTokens(content: string): ParsedTokens {
  const table = new Map<string, Buffer>()
  const problems: TokenProblem[] = []
  for (const [index, line] of content.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const match = /^(\S+) ([0-9a-f]{64})$/.exec(line.trim())
    const report = (message: string) => problems.push({ path: `line ${index + 1}`, message })
    if (!match) report('must be `<workload id> <sha256 in hex>`')
    else if (table.has(match[1]!)) report(`${match[1]} has a token already`)
    else table.set(match[1]!, Buffer.from(match[2]!, 'hex'))
  }
  return problems.length ? { ok: false, problems } : { ok: true, value: table }
}

const refuse = (refusal: 'unknown' | 'forbidden', reason: string): Verification => ({ ok: false, refusal, reason })

/** Judges by a table of tokens; `table` is asked every time, so that the caller can re-read the file when it changes. */
export function tokenVerifier(table: () => TokenTable): Verifier {
  return {
    async verify(token, nodeId) {
      if (token === undefined) return refuse('unknown', 'no bearer token')
      const digest = sha256(token)
      const expected = table().get(nodeId)
      if (expected && timingSafeEqual(expected, digest)) return { ok: true, workload: nodeId }
      const somebodys = [...table().values()].some((other) => timingSafeEqual(other, digest))
      return somebodys ? refuse('forbidden', 'the token is of another workload') : refuse('unknown', 'unknown token')
    },
  }
}

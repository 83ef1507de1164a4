/**
 * "What is this?" in Node: the protocol signatures over the first bytes of both directions of one connection. It promises
 * the sniffer's answer where only one side is known, and weighs the two where both are. It keeps nothing between calls.
 */
import { setWindow } from './protocol/bytes.ts'
import { nameOf, UNDECIDED, UNKNOWN } from './protocol/names.ts'
import { classifyClient, classifyServer } from './protocol/signatures.ts'

/** `certain`: a whole signature matched; `likely`: only if nothing else follows, or against the other side's bytes. */
export type Confidence = 'certain' | 'likely' | 'none'

export type Classification = {
  /** A name of `xds-server/policy/applications.ts`. */
  readonly application: string
  readonly confidence: Confidence
}

type Side = { readonly application: string; readonly certain: boolean }

function judge(bytes: Uint8Array, end: boolean, classifier: (end: boolean) => number): Side {
  setWindow(bytes)
  const now = classifier(end)
  return { application: nameOf(now === UNDECIDED ? classifier(true) : now), certain: now > UNKNOWN }
}

/** The application of a connection whose first bytes are these. `end`: nothing more will come. */
export function classify(client: Uint8Array, server: Uint8Array, end: boolean): Classification {
  const asked = judge(client, end, classifyClient)
  const told = asked.application === 'unknown' ? judge(server, end, classifyServer) : asked
  const confidence = told.application === 'unknown' ? 'none' : told.certain ? 'certain' : 'likely'
  return { application: told.application, confidence }
}

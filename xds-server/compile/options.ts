/** What compiling needs beside the policy. */
export type CompileOptions = {
  /** The sniffer's Wasm module, in base64. */
  readonly sniffer: string
  /** How often each chain was cut so far, by `chainKey`: see `cuts.ts`. */
  readonly cuts: ReadonlyMap<string, number>
  /** Listen on IPv6, too: only where pods have it, for Envoy refuses a listener it can not bind. */
  readonly ipv6: boolean
}

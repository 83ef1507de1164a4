/** Where a classifier listens, as sidecars see it. `serverName` is what its certificate says, signed by `ca` (PEM). */
export type ClassifierAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tls'
      readonly host: string
      readonly port: number
      readonly serverName: string
      readonly ca: string
    }

export type ClassifierOptions = {
  readonly address: ClassifierAddress
  /** Proves to the classifier that the control plane wants requests judged by this profile. */
  token(profileId: string): string
  /** False: it does not answer. Who is to go on without it does; others are refused until it is back. */
  readonly healthy: boolean
}

/** What compiling needs beside the policy. */
export type CompileOptions = {
  /** The sniffer's Wasm module, in base64. */
  readonly sniffer: string
  /** How often each chain was cut so far, by `chainKey`: see `cuts.ts`. */
  readonly cuts: ReadonlyMap<string, number>
  /** Listen on IPv6, too: only where pods have it, for Envoy refuses a listener it can not bind. */
  readonly ipv6: boolean
  /** Who looks into HTTP; undefined: nobody does. */
  readonly classifier?: ClassifierOptions
}

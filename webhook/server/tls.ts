/** The serving certificate: taken only together with its own key, so that half a change is never shown to anybody. */
import { createPrivateKey, X509Certificate } from 'node:crypto'

export type Certificate = {
  readonly cert: string
  readonly key: string
  readonly expires: Date
}

/** The API server speaks it, and nobody else has business here. */
export const minVersion = 'TLSv1.3'

/** @throws where the texts are no certificate and its key */
export function certificateOf({ cert, key }: { readonly cert: string; readonly key: string }): Certificate {
  const leaf = new X509Certificate(cert)
  if (!leaf.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is of another certificate')
  return { cert, key, expires: new Date(leaf.validTo) }
}

import { createAuthority, issueServerCertificate } from '../../xds-server/envoy/certificates.ts'
import type { TlsFiles } from '../../xds-server/envoy/grpc-server.ts'
import { parseTokens, tokenVerifier, type Verifier } from '../../xds-server/envoy/verifier.ts'

/** What a server shows, and the authority its clients trust (PEM). */
export async function anIdentity(
  ...names: [string, ...string[]]
): Promise<{ readonly tls: TlsFiles; readonly ca: string }> {
  const now = new Date()
  const authority = await createAuthority('test', now)
  return { tls: await issueServerCertificate(authority, names, now), ca: authority.cert }
}

/** Judges by the lines of a token file. */
export function verifierOf(...lines: readonly string[]): Verifier {
  const tokens = parseTokens(lines.join('\n'))
  if (!tokens.ok) throw new Error(JSON.stringify(tokens.problems))
  return tokenVerifier(() => tokens.value)
}

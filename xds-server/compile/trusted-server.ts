/** Servers of ours that Envoy calls: gRPC over TLS 1.3, and nobody trusted but the authority that is named. */
import type { Message } from './model.ts'
import { typed } from './typed.ts'

export type TrustedServer = {
  /** DNS name in its certificate, whatever address is dialled. */
  readonly serverName: string
  /** The authority that signed it, PEM. */
  readonly ca: string
}

export function trustedTls({ serverName, ca }: TrustedServer): Message {
  return typed('tls', 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
    sni: serverName,
    common_tls_context: {
      alpn_protocols: ['h2'],
      // Envoy's clients stop at 1.2 where nothing is said
      tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
      validation_context: {
        trusted_ca: { inline_string: ca },
        match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: serverName } }],
      },
    },
  })
}

const isAddress = (host: string): boolean => /^[0-9.]+$/.test(host) || host.includes(':')

/** How Envoy finds the addresses of a host. */
export const discoveryOf = (host: string): string => (isAddress(host) ? 'STATIC' : 'STRICT_DNS')

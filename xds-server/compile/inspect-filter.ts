/**
 * How requests of one peer are looked into: the filter that asks the classifier, or one that does nothing, under the
 * same name, so that sensors and modes change a resource and never a chain. Modes are static: the classifier sees in
 * each stream's first message what it will be sent (measured on Envoy 1.40, see RATIONALE.md).
 */
import type { Plan } from '../policy/inspection-plan.ts'
import type { InspectionProfile } from '../policy/sensor.ts'
import type { Message } from './model.ts'
import { clusterNames, inspectionMetadata, profileHeader, requestAttributes } from './names.ts'
import { any, types } from './typed.ts'

/**
 * `inline`: bodies are held until the verdict. `observe`: everything passes at once, the verdict is for the log.
 * `bypassed`: the classifier is not there, and the profile lets requests pass without it.
 */
export type Inspecting =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'inline' | 'observe' | 'bypassed'
      readonly profile: InspectionProfile
      readonly plan: Plan
    }

type Asking = 'inline' | 'observe'

/**
 * Envoy counts this time only while it holds no body. Inline the classifier has timers of its own, shorter ones, with
 * better answers; what is only watched waits no longer than people would notice.
 */
const messageTimeout: Readonly<Record<Asking, string>> = { inline: '10s', observe: '1s' }
/** FULL_DUPLEX_STREAMED lets the classifier hold back what it has not judged, without a limit of Envoy's. */
const bodyMode: Readonly<Record<Asking, string>> = { inline: 'FULL_DUPLEX_STREAMED', observe: 'STREAMED' }

/** A classifier that is replaced under load loses no request (with the cluster's raised `max_retries`). */
const retries: Message = {
  num_retries: 3,
  retry_on: 'connect-failure,refused-stream,reset,unavailable',
  retry_back_off: { base_interval: '0.05s', max_interval: '0.5s' },
}

/** Envoy wants trailers where it streams a body in full duplex. */
function processing(plan: Plan, kind: Asking): Message {
  const body = (wanted: boolean): string => (wanted ? bodyMode[kind] : 'NONE')
  const send = (wanted: boolean): string => (wanted ? 'SEND' : 'SKIP')
  const [request, response] = [plan.requestBytes > 0, plan.responseBytes > 0]
  return {
    request_header_mode: 'SEND',
    response_header_mode: send(plan.responses),
    request_body_mode: body(request),
    response_body_mode: body(response),
    request_trailer_mode: send(request),
    response_trailer_mode: send(response),
  }
}

/** For routes whose bodies nobody may hold. It does no harm while the filter is one that does nothing. */
export const headsOnly: Message = any('envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute', {
  overrides: {
    processing_mode: {
      request_header_mode: 'SEND',
      response_header_mode: 'SKIP',
      request_body_mode: 'NONE',
      response_body_mode: 'NONE',
      request_trailer_mode: 'SKIP',
      response_trailer_mode: 'SKIP',
    },
  },
})

/** @param token proves that it is us who want this profile; empty where there is no classifier to prove it to */
function processor({ id }: InspectionProfile, plan: Plan, kind: Asking, token: string): Message {
  return any(types.externalProcessor, {
    grpc_service: {
      envoy_grpc: { cluster_name: clusterNames.classifier },
      // a stream lives as long as its request
      timeout: '0s',
      initial_metadata: [
        { key: profileHeader, value: id },
        { key: 'authorization', value: `Bearer ${token}` },
      ],
      retry_policy: retries,
    },
    failure_mode_allow: kind === 'observe',
    message_timeout: messageTimeout[kind],
    // without it every body goes on chunked, and some apps want a length
    allow_content_length_header: true,
    route_cache_action: 'RETAIN',
    request_attributes: Object.values(requestAttributes),
    metadata_options: { receiving_namespaces: { untyped: [inspectionMetadata] } },
    processing_mode: processing(plan, kind),
  })
}

/** Of another type: Envoy's own way to say nothing. */
const nothing = any(types.httpFilterState)

type Asks = {
  readonly typed_config?: {
    readonly grpc_service?: { readonly initial_metadata: readonly { readonly key: string; readonly value: string }[] }
  }
}

/** The profile that an extension resource with such a filter asks by; undefined: it asks nobody. */
export function profileIn(body: Message): string | undefined {
  const metadata = (body as Asks).typed_config?.grpc_service?.initial_metadata
  return metadata?.find(({ key }) => key === profileHeader)?.value
}

/** The filter's configuration, with its `@type`. */
export function inspectOf(it: Inspecting, token: (profile: string) => string): Message {
  if (it.kind === 'nothing' || it.kind === 'bypassed') return nothing
  return processor(it.profile, it.plan, it.kind, token(it.profile.id))
}

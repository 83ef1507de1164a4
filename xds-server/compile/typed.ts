import type { Message } from './model.ts'

/** A named extension: `{name, typed_config}` with the message's full protobuf name. */
export function typed(name: string, type: string, fields: Message = {}): Message {
  return { name, typed_config: any(type, fields) }
}

/** A message that says what it is. */
export function any(type: string, fields: Message = {}): Message {
  return { '@type': `type.googleapis.com/${type}`, ...fields }
}

/** Full protobuf names of the extensions that appear in more than one place. */
export const types = {
  networkRbac: 'envoy.extensions.filters.network.rbac.v3.RBAC',
  httpRbac: 'envoy.extensions.filters.http.rbac.v3.RBAC',
  httpFilterState: 'envoy.extensions.filters.http.set_filter_state.v3.Config',
  externalProcessor: 'envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor',
  networkFilterState: 'envoy.extensions.filters.network.set_filter_state.v3.Config',
  wasm: 'envoy.extensions.filters.network.wasm.v3.Wasm',
} as const

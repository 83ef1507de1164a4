/** The messages with a JSON form of their own (proto3 JSON mapping): durations, wrappers, Struct. */

/** The fields protobufjs encodes, or what is wrong in words. */
export type Converter = (value: unknown) => Record<string, unknown> | string

/** Decimal seconds with at most nanoseconds; never through a float, which can not hold them. */
const durationPattern = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

const duration: Converter = (value) => {
  const parts = typeof value === 'string' ? durationPattern.exec(value) : null
  if (!parts) return 'must be a duration such as 1.5s'
  const sign = parts[1] ? -1 : 1
  // `+ 0` turns -0 into 0, which protobufjs would encode as a negative number
  return { seconds: sign * Number(parts[2]) + 0, nanos: sign * Number((parts[3] ?? '').padEnd(9, '0')) + 0 }
}

const timestamp: Converter = (value) => {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) return 'must be an RFC 3339 time'
  const seconds = Math.floor(ms / 1000)
  return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 }
}

const wrapper =
  (accepts: (value: unknown) => boolean, what: string): Converter =>
  (value) =>
    accepts(value) ? { value } : `must be a ${what}`

const integer = (low: number, high: number) => (value: unknown) =>
  Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high
const isNumber = (value: unknown) => typeof value === 'number'

/** Field names as protobufjs's own struct.proto has them (camelCase). */
function jsonValue(value: unknown): Record<string, unknown> | undefined {
  if (value === null) return { nullValue: 0 }
  if (typeof value === 'number') return { numberValue: value }
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (Array.isArray(value)) return wrapAll(value, (values) => ({ listValue: { values } }))
  if (typeof value !== 'object') return undefined
  const fields = structFields(value as Record<string, unknown>)
  return fields && { structValue: { fields } }
}

function wrapAll(list: readonly unknown[], wrap: (values: unknown[]) => Record<string, unknown>) {
  const values = list.map(jsonValue)
  return values.includes(undefined) ? undefined : wrap(values)
}

function structFields(value: Record<string, unknown>): Record<string, unknown> | undefined {
  const keys = Object.keys(value).sort()
  const values = keys.map((key) => jsonValue(value[key]))
  return values.includes(undefined) ? undefined : Object.fromEntries(keys.map((key, index) => [key, values[index]]))
}

const notJson = 'must be plain JSON'
const struct: Converter = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object'
  const fields = structFields(value as Record<string, unknown>)
  return fields ? { fields } : notJson
}

export const wellKnown: Readonly<Record<string, Converter>> = {
  'google.protobuf.Duration': duration,
  'google.protobuf.Timestamp': timestamp,
  'google.protobuf.Struct': struct,
  'google.protobuf.Value': (value) => jsonValue(value) ?? notJson,
  'google.protobuf.ListValue': (value) =>
    (Array.isArray(value) ? wrapAll(value, (values) => ({ values })) : undefined) ?? 'must be a list of plain JSON',
  'google.protobuf.BoolValue': wrapper((value) => typeof value === 'boolean', 'boolean'),
  'google.protobuf.StringValue': wrapper((value) => typeof value === 'string', 'string'),
  'google.protobuf.BytesValue': wrapper((value) => value instanceof Uint8Array, 'Uint8Array'),
  'google.protobuf.DoubleValue': wrapper(isNumber, 'number'),
  'google.protobuf.FloatValue': wrapper(isNumber, 'number'),
  'google.protobuf.Int32Value': wrapper(integer(-(2 ** 31), 2 ** 31 - 1), '32-bit integer'),
  'google.protobuf.UInt32Value': wrapper(integer(0, 2 ** 32 - 1), 'unsigned 32-bit integer'),
  'google.protobuf.Int64Value': wrapper(integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), 'safe integer'),
  'google.protobuf.UInt64Value': wrapper(integer(0, Number.MAX_SAFE_INTEGER), 'unsigned safe integer'),
}

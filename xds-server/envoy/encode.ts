/**
 * Plain objects (proto3 JSON with original field names) to protobuf bytes. Deterministic: fields by number, map keys
 * sorted. Everything Envoy would not understand is an `EncodingError` with the path of the first such field.
 */
import protobuf from 'protobufjs'
import { findType, messageType } from './descriptor.ts'
import { type Shape, shapeOf } from './shapes.ts'

/** Where in the message, in words people can follow (`filter_chains[0].filters[1].typed_config.rules`), and what. */
export class EncodingError extends Error {
  readonly path: string
  constructor(path: string, problem: string) {
    super(path ? `${path}: ${problem}` : problem)
    this.name = 'EncodingError'
    this.path = path
  }
}

/** A message as a plain object: original field names, durations as `1.5s`, enums by name, `Any` as `{'@type': …}`. */
export type PlainMessage = { readonly [field: string]: unknown }

/** What protobufjs encodes: enum numbers, bytes, nested plain objects. */
type Encodable = Record<string, unknown>

const typeUrlPrefix = 'type.googleapis.com/'
const at = (path: string, key: string) => (path ? `${path}.${key}` : key)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

const integerBounds: Record<string, readonly [number, number]> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  sint32: [-(2 ** 31), 2 ** 31 - 1],
  sfixed32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  fixed32: [0, 2 ** 32 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  sint64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
}

function bytes(value: unknown, path: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) return Buffer.from(value, 'base64')
  throw new EncodingError(path, 'must be bytes or base64 text')
}

function scalar(type: string, value: unknown, path: string): unknown {
  const bounds = integerBounds[type]
  if (bounds) {
    const ok = Number.isSafeInteger(value) && (value as number) >= bounds[0] && (value as number) <= bounds[1]
    if (!ok) throw new EncodingError(path, `must be an integer (${type})`)
    return value
  }
  if (type === 'bytes') return bytes(value, path)
  const wanted = type === 'string' ? 'string' : type === 'bool' ? 'boolean' : 'number'
  if (typeof value !== wanted) throw new EncodingError(path, `must be a ${wanted}`)
  return value
}

function enumValue(type: protobuf.Enum, value: unknown, path: string): number {
  const number = typeof value === 'string' ? type.values[value] : undefined
  if (number === undefined)
    throw new EncodingError(path, `${JSON.stringify(value)} is no value of ${type.fullName.slice(1)}`)
  return number
}

function single(field: protobuf.Field, value: unknown, path: string): unknown {
  const type = field.resolve().resolvedType
  if (type instanceof protobuf.Type) return message(type, value, path)
  return type ? enumValue(type, value, path) : scalar(field.type, value, path)
}

/** Sorted keys: protobufjs keeps insertion order, and the hash of a resource must not depend on it. */
function map(field: protobuf.Field, value: unknown, path: string): Encodable {
  if (!isObject(value)) throw new EncodingError(path, 'must be an object')
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map((key) => [key, single(field, value[key], `${path}[${JSON.stringify(key)}]`)]))
}

function fieldValue(field: protobuf.Field, value: unknown, path: string): unknown {
  if (field.map) return map(field, value, path)
  if (!field.repeated) return single(field, value, path)
  if (!Array.isArray(value)) throw new EncodingError(path, 'must be a list')
  return value.map((item, index) => single(field, item, `${path}[${index}]`))
}

function checkOneofs(shape: Shape, present: Encodable, path: string): void {
  for (const names of shape.oneofs) {
    const set = names.filter((name) => Object.hasOwn(present, name))
    if (set.length > 1) throw new EncodingError(path, `only one of ${set.join(', ')} can be set`)
  }
}

function fields(type: protobuf.Type, shape: Shape, value: Record<string, unknown>, path: string): Encodable {
  const result: Encodable = {}
  for (const name of Object.keys(value)) {
    const inner = value[name]
    if (inner === undefined) continue
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
    if (!field) throw new EncodingError(at(path, name), `no such field in ${shape.name}`)
    result[name] = fieldValue(field, inner, at(path, name))
  }
  checkOneofs(shape, result, path)
  return result
}

function message(type: protobuf.Type, value: unknown, path: string): Encodable {
  const shape = shapeOf(type)
  if (shape.isAny) {
    const packed = toAny(value, path)
    return { type_url: packed.typeUrl, value: packed.value }
  }
  if (shape.convert) {
    const converted = shape.convert(value)
    if (typeof converted === 'string') throw new EncodingError(path, converted)
    return converted
  }
  if (!isObject(value)) throw new EncodingError(path, `must be an object (${shape.name})`)
  return fields(type, shape, value, path)
}

/** An encoded `google.protobuf.Any`, its two fields apart. */
export type Any = { readonly typeUrl: string; readonly value: Uint8Array }

function toAny(value: unknown, path: string): Any {
  const name = isObject(value) ? value['@type'] : undefined
  if (!isObject(value) || typeof name !== 'string') throw new EncodingError(path, 'must be an object with @type')
  const { '@type': _, ...rest } = value
  const type = findType(name.startsWith(typeUrlPrefix) ? name.slice(typeUrlPrefix.length) : name)
  if (!type) throw new EncodingError(at(path, '@type'), `unknown message ${name}`)
  // proto3 JSON puts a type with a JSON form of its own (Struct, Duration, wrappers) under `value`
  const shape = shapeOf(type)
  const content = shape.convert ? rest.value : rest
  return { typeUrl: typeUrlPrefix + shape.name, value: type.encode(message(type, content, path)).finish() }
}

/**
 * Bytes of a message of the given full type name.
 * @throws {EncodingError} on what the type does not know
 */
export function encode(typeName: string, body: PlainMessage): Uint8Array {
  const type = messageType(typeName)
  return type.encode(message(type, body, '')).finish()
}

/**
 * A message with its `@type` (with or without `type.googleapis.com/`) as `google.protobuf.Any`.
 * @throws {EncodingError} on what the type does not know
 */
export const any = (body: PlainMessage): Any => toAny(body, '')

/** What encoding asks of a message type, looked up once: protobufjs computes full names and oneofs anew at every look. */
import type protobuf from 'protobufjs'
import { type Converter, wellKnown } from './well-known.ts'

export type Shape = {
  /** Full name. */
  readonly name: string
  readonly isAny: boolean
  /** For types with a JSON form of their own. */
  readonly convert: Converter | undefined
  /** Names of which only one may be set. */
  readonly oneofs: readonly (readonly string[])[]
}

const shapes = new WeakMap<protobuf.Type, Shape>()

function makeShape(type: protobuf.Type): Shape {
  const name = type.fullName.slice(1)
  const oneofs = type.oneofsArray.map((oneof) => oneof.fieldsArray.map((field) => field.name))
  return {
    name,
    isAny: name === 'google.protobuf.Any',
    convert: wellKnown[name],
    oneofs: oneofs.filter((names) => names.length > 1),
  }
}

export function shapeOf(type: protobuf.Type): Shape {
  const known = shapes.get(type)
  if (known) return known
  const shape = makeShape(type)
  shapes.set(type, shape)
  return shape
}

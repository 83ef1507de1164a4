/**
 * `@validateSchema file.json`: matches when the value is not JSON or not what the JSON Schema says; an empty value is
 * nothing to judge. (ModSecurity's takes an XML Schema instead, for which we have no validator.) The part of JSON Schema
 * that describes requests is there; a schema that uses another keyword is refused rather than read half.
 */
import { textOf } from './data-file.ts'
import type { OperatorFactory } from './operator.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Schema = Readonly<Record<string, Json>>
type Keyword = (value: Json, wanted: never, schema: Schema) => boolean

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isList = (value: Json): value is readonly Json[] => Array.isArray(value)
const any: Keyword = () => true

const types: Readonly<Record<string, (value: Json) => boolean>> = {
  array: isList,
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  null: (value) => value === null,
  number: (value) => typeof value === 'number',
  object: isObject,
  string: (value) => typeof value === 'string',
}

/** A keyword says nothing about values of a type it is not for (JSON Schema 2020-12, validation, 6). */
const keywords: Readonly<Record<string, Keyword>> = {
  $id: any,
  $schema: any,
  description: any,
  title: any,
  type: (value, wanted: Json) => [wanted].flat().some((name) => types[String(name)]?.(value) ?? false),
  enum: (value, wanted: readonly Json[]) => wanted.some((one) => JSON.stringify(one) === JSON.stringify(value)),
  const: (value, wanted: Json) => JSON.stringify(wanted) === JSON.stringify(value),
  minimum: (value, least: number) => typeof value !== 'number' || value >= least,
  maximum: (value, most: number) => typeof value !== 'number' || value <= most,
  minLength: (value, least: number) => typeof value !== 'string' || [...value].length >= least,
  maxLength: (value, most: number) => typeof value !== 'string' || [...value].length <= most,
  minItems: (value, least: number) => !isList(value) || value.length >= least,
  maxItems: (value, most: number) => !isList(value) || value.length <= most,
  items: (value, schema: Schema) => !isList(value) || value.every((item) => fits(item, schema)),
  required: (value, names: readonly string[]) => !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  properties: (value, schemas: Readonly<Record<string, Schema>>) =>
    !isObject(value) ||
    Object.entries(schemas).every(([name, schema]) => !Object.hasOwn(value, name) || fits(value[name]!, schema)),
  additionalProperties: (value, wanted: boolean | Schema, { properties = {} }) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([name, one]) =>
        Object.hasOwn(properties as object, name) || (typeof wanted === 'boolean' ? wanted : fits(one, wanted)),
    ),
}

export const validateSchema: OperatorFactory = (argument, context) => {
  const file = textOf(argument.trim(), context)
  if ('message' in file) return file
  const schema = parsed(file.text)
  if (schema === undefined || !isObject(schema))
    return { message: `${argument} is not a JSON Schema (XML Schema is not known here)` }
  const unknown = unknownKeyword(schema)
  if (unknown !== undefined) return { message: `${argument} uses ${unknown}, which is not known here` }
  return (value) => {
    if (value === '') return undefined
    const json = parsed(value)
    return json === undefined || !fits(json, schema) ? { matched: value } : undefined
  }
}

function parsed(bytes: string): Json | undefined {
  try {
    return JSON.parse(Buffer.from(bytes, 'latin1').toString('utf8'))
  } catch {
    return undefined // it is not JSON: what the callers ask
  }
}

const fits = (value: Json, schema: Schema): boolean =>
  Object.entries(schema).every(([name, wanted]) => keywords[name]!(value, wanted as never, schema))

function unknownKeyword(schema: Schema): string | undefined {
  const unknown = Object.keys(schema).find((name) => !Object.hasOwn(keywords, name))
  const inner = [schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})]
  return (
    unknown ?? inner.flatMap((part) => (part !== undefined && isObject(part) ? (unknownKeyword(part) ?? []) : []))[0]
  )
}

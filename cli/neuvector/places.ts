/** Where in NeuVector's file something stands that the API speaks of by our names. */
import type { Problem } from '../../xds-server/policy/model.ts'

/** Places in our lists (`wafSensors[0]`) to places in the file; what is inside of one is called the same in both… */
export type Places = ReadonlyMap<string, string>

/** …but for these fields of a pattern. */
const fields: readonly (readonly [RegExp, string])[] = [
  [/\.regex$/, '.value'],
  [/\.contexts(\[\d+\])?$/, '.context'],
]

/** A problem of the API with its place in the file, as far as that is known. */
export function placed({ path, message }: Problem, places: Places): Problem {
  const around = [...places].filter(([ours]) => path === ours || isInside(path, ours))
  const [ours, theirs] = around.sort(([a], [b]) => b.length - a.length)[0] ?? ['', '']
  const inFile = `${theirs}${path.slice(ours.length)}`
  return { path: fields.reduce((text, [our, their]) => text.replace(our, their), inFile), message }
}

const isInside = (path: string, place: string): boolean => path.startsWith(`${place}.`) || path.startsWith(`${place}[`)

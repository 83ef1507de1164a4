/** Reading resources that others define: what we do not know is none of our business. */
import { type Reader, struct } from '../../xds-server/policy/parse.ts'

/** An object with these members, whatever others it has. */
export function members<T extends object>(fields: Parameters<typeof struct<T>>[0]): Reader<T> {
  const exactly = struct<T>(fields)
  return (input, path, problems) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return exactly(input, path, problems)
    const known = Object.entries(input).filter(([name]) => Object.hasOwn(fields, name))
    return exactly(Object.fromEntries(known), path, problems)
  }
}

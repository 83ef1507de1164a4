/** A user and a password in a URL (RFC 3986 userinfo). Placeholders (`${PASSWORD}`, `<password>`, `***`, what `mask` leaves) are none. */
import { slice } from '../bytes.ts'
import type { Detector } from '../model.ts'

const userinfo = /^([^\s/@:"'<>]{1,64}):(?![X0_.*-]+@)([^\s/@"'<>{}$*%][^\s/@"'<>]{0,127})@[A-Za-z0-9[][A-Za-z0-9.-]/

export const basicAuth: Detector = {
  name: 'basic-auth',
  trigger: { kind: 'words', words: ['://'], ignoreCase: false },
  find(text, from, to) {
    const match = userinfo.exec(slice(text, to, to + 256))
    if (!match || !/[A-Za-z][A-Za-z0-9+.-]{1,20}$/.test(slice(text, from - 24, from))) return undefined
    return { start: to, end: to + match[1]!.length + 1 + match[2]!.length, strength: 'certain' }
  },
}

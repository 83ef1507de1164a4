/**
 * What libinjection finds and libddwaf's copy of it does not, because fingerprints and names have been taken out of its
 * tables there: the families that libinjection's own cases and CRS's tests ask for. Narrower than the fingerprints: a
 * comparison is asked for where `s&1` has any number (`5' and 6`), and the function must be one that attacks call.
 */
type Family = { readonly fingerprint: string; readonly pattern: RegExp }

const call = String.raw`(?:sleep|pg_sleep|benchmark|ascii|char|chr|hex|unhex|substring|substr|mid|load_file|extractvalue|updatexml)\s*\(\s*\d`
const quoted = String.raw`^[^'"]*['"]\s*`

const families: readonly Family[] = [
  // A number and a comment that cuts off the rest. `--` only at the end, or with the word that hides a query from logs.
  { fingerprint: '1c', pattern: /^\d+(?:[-+*/]\d+)*\s*(?:\/\*|--(?:$|(?=[\s\S]*sp_password)))/i },
  // A word and a closed comment.
  { fingerprint: 'nc', pattern: /^[A-Za-z_]\w*\s*\/\*[\s\S]*\*\/$/ },
  { fingerprint: 'f(1)', pattern: new RegExp(String.raw`^\s*${call}[^()]*\)\s*$`, 'i') },
  // The end of a string, and behind it a condition or a call.
  {
    fingerprint: 's&1',
    pattern: new RegExp(String.raw`${quoted}(?:and|or|xor|&&|\|\|)\s*\d+\s*[=<>!]+\s*\d+\s*$`, 'i'),
  },
  { fingerprint: 'sof(1', pattern: new RegExp(String.raw`${quoted}[-+*/|]{1,2}\s*${call}`, 'i') },
  { fingerprint: 'sf(1', pattern: new RegExp(quoted + call, 'i') },
]

export const prunedSqli = (value: string): string | undefined =>
  families.find(({ pattern }) => pattern.test(value))?.fingerprint

/** In a tag, an attribute that begins with `on`: libddwaf has a list of those that browsers know today. */
export const prunedXss = (value: string): boolean => /<[A-Za-z][^<>]*[\s/"'`]on[a-z]{3,}\s*=/i.test(value)

/** Patterns of WAF rules over byte strings: regexes of people, and lists of words. */
import type { SensorPattern } from '../../xds-server/policy/sensor.ts'
import { ahoCorasick } from '../text/aho-corasick.ts'
import { RegexError } from '../waf/rx/error.ts'
import { lookAroundSearch, looksAround, type Search } from '../waf/rx/look-around.ts'
import { compileRegex } from '../waf/rx/regex.ts'
import { meets } from '../waf/rx/requirement.ts'
import { byteString } from './text.ts'

type Kind<K extends SensorPattern['kind']> = Extract<SensorPattern, { kind: K }>
/** What a WAF rule can look for. */
export type WafPattern = Kind<'regex'> | Kind<'words'>

/** Longer subjects are asked first whether they have what a match needs: that is cheaper than the automaton. */
const screenedBytes = 128

/** Throws a RegexError with the position in the pattern. */
export function searchFor(pattern: WafPattern): Search {
  return pattern.kind === 'regex' ? regexSearch(pattern) : wordSearch(pattern)
}

function regexSearch({ regex, ignoreCase }: Kind<'regex'>): Search {
  const source = byteString(regex)
  const search = looksAround(source) ? lookAroundSearch(source, ignoreCase) : linearSearch(source, ignoreCase)
  const empty = search('', 0)
  if (empty) throw new RegexError('it matches nothing at all (the empty text)', 0)
  return search
}

function linearSearch(source: string, ignoreCase: boolean): Search {
  const compiled = compileRegex(source, { ignoreCase })
  compiled.warm()
  return (subject, from) => {
    if (subject.length > screenedBytes && from === 0 && !meets(subject, compiled.requirement)) return undefined
    const found = compiled.find(subject, from)
    return found && { start: found.index, end: found.index + found.groups[0]!.length }
  }
}

const isWord = (code: number): boolean => code > 127 || /\w/.test(String.fromCharCode(code))

function wordSearch({ words, ignoreCase, wholeWords }: Kind<'words'>): Search {
  const bytes = words.map(byteString)
  const { classes, next, firstHot, stride, endings } = ahoCorasick(bytes, { ignoreCase, anyDigit: false })
  const stands = (subject: string, start: number, end: number): boolean =>
    !(start > 0 && isWord(subject.charCodeAt(start - 1))) && !(end < subject.length && isWord(subject.charCodeAt(end)))
  return (subject, from) => {
    let state = 0
    for (let at = from; at < subject.length; at++) {
      state = next[state + classes[subject.charCodeAt(at)]!]!
      if (state < firstHot) continue
      for (const word of endings[(state - firstHot) / stride]!) {
        const start = at + 1 - bytes[word]!.length
        if (!wholeWords || stands(subject, start, at + 1)) return { start, end: at + 1 }
      }
    }
    return undefined
  }
}

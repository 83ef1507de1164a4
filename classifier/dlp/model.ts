/** The words of the DLP engine. */

/** `weak`: true of so many harmless numbers that it counts only beside a context word. */
export type Strength = 'certain' | 'likely' | 'weak'

/** Byte offsets in the text the detector was given. */
export type Found = { readonly start: number; readonly end: number; readonly strength: Strength }

/** What makes the one pass over the stream stop and ask the detector. */
export type Trigger =
  /** A maximal run of digits of one of these lengths, 2 to 20 (21: more), by what stands beside it. */
  | {
      readonly kind: 'digits'
      /** Nothing glued to it, see `standsAlone`. */
      readonly alone?: readonly number[]
      /** The same; but all that is found so is `weak`: nobody is asked where no context word may be near. */
      readonly weak?: readonly number[]
      /** No letter before it. */
      readonly open?: readonly number[]
      /** No letter before it; behind it a space or hyphen, and another digit. */
      readonly first?: readonly number[]
      /** No letter before it; behind it a full stop, and another digit. */
      readonly dotted?: readonly number[]
      /** A letter right before it. */
      readonly afterLetter?: readonly number[]
    }
  /**
   * One of these latin1 words; a digit in a word is any digit. Their first two characters in just this case where it matters:
   * rare beginnings make a fast pass. The others in either case.
   */
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly ignoreCase: boolean }

/**
 * Is there one here? `from` and `to` are the trigger's bytes in `text`, `digits` the values of those that stand `alone` (the
 * scanner's: nobody keeps them). It may look `behindBytes` back and `aheadBytes` ahead, never further: what it sees beyond
 * depends on how the stream was cut.
 */
type Find = (text: Buffer, from: number, to: number, digits: Uint8Array) => Found | undefined

/** Looks at every byte itself (custom regexes, exact data): all it finds that begins in [from, to). */
export type Sweep = (text: Buffer, from: number, to: number, base: number) => readonly Found[]

type Common = {
  /** In findings and sensors: `card`, `iban` … */
  readonly name: string
  /** Beside one of these (lower case, one or more words) a finding is a step surer. */
  readonly context?: readonly string[]
  /** Right behind one of these (or one of these and `number`) it is something else: a likely finding is none. */
  readonly unless?: readonly string[]
}

export type Detector = Common &
  (
    | {
        readonly trigger: Trigger
        readonly find: Find
        /** Asked of a likely finding that has no context word: is it one of many that are none? */
        readonly doubt?: (text: Buffer, start: number, end: number) => boolean
      }
    | { readonly newSweep: () => Sweep; readonly trigger?: never; readonly doubt?: never }
  )

export type Confidence = 'certain' | 'likely'

/** What is reported. It never holds the value. */
export type Finding = {
  readonly detector: string
  /** First byte in the original stream (after content coding: a gzip stream has no bytes that are a card). */
  readonly offset: number
  /** In bytes of the original stream: escapes and base64 make it longer than the value. */
  readonly length: number
  /** First and last characters and a keyed hash: see `redact.ts`. */
  readonly sample: string
  readonly confidence: Confidence
}

export type Problem = {
  readonly path: string
  readonly message: string
  /** Of a pattern that is refused: where in it, in characters from 0. */
  readonly position?: number
}
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] }

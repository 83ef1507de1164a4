/**
 * Sensors: what the classifier looks for in HTTP, and the groups they are bound to. NeuVector's shape (a sensor has
 * rules, a rule has up to 16 patterns, all of which must hold; WAF and DLP sensors apart), with whole rule sets beside.
 */

/** The piece of a message a pattern looks at: path and query as sent; header names and values; decoded body. */
export const patternContexts = ['url', 'header', 'body'] as const
export type PatternContext = (typeof patternContexts)[number]

type PatternCommon = {
  /** False: the rule holds only where this is not found. At least one pattern of a rule is true. */
  readonly have: boolean
  /** Not empty. */
  readonly contexts: readonly PatternContext[]
  /** It counts as found from so many different values on; 1 to 1,000. */
  readonly atLeast: number
}

/** A pattern, by what it looks for. People write it without `kind`: the field that is there says it. */
export type SensorPattern = PatternCommon &
  (
    | { readonly kind: 'regex'; readonly regex: string; readonly ignoreCase: boolean }
    /** A detector with validation (`card`, `iban`, …), DLP only. */
    | { readonly kind: 'detector'; readonly detector: string }
    | {
        readonly kind: 'words'
        readonly words: readonly string[]
        readonly ignoreCase: boolean
        readonly wholeWords: boolean
      }
    /** Exact data known only by salted hashes, DLP only: base64 salt, hex hashes, lengths of the values. */
    | {
        readonly kind: 'exact'
        readonly salt: string
        readonly hashes: readonly string[]
        readonly lengths: readonly number[]
      }
  )

export type SensorRule = {
  /** Unique in its sensor; stands in events. */
  readonly name: string
  /** 1 to 16, ANDed. */
  readonly patterns: readonly SensorPattern[]
}

/** What of a body is looked at, and what becomes of a message that has more. */
export type BodyLimit = {
  /** Bytes; a WAF sensor does not count the contents of uploaded files. */
  readonly inspectBytes: number
  /** `deny`: 413 (a response: cut). `pass`: it goes on, marked partial. Only where the sensor is bound with deny. */
  readonly pastLimit: 'deny' | 'pass'
}

/** What a rule set does not apply to, as ModSecurity's SecRuleRemove… and SecRuleUpdateTarget… directives say it. */
export type CrsExclusion =
  | { readonly ids: readonly string[] } //                                       `942100` or `942100-942199`
  | { readonly tags: readonly string[] } //                                      `attack-sqli`
  | { readonly targets: readonly string[]; readonly ids: readonly string[] } //  `ARGS:password`
  | { readonly targets: readonly string[]; readonly tags: readonly string[] }

/** A whole rule set with anomaly scoring. */
export type CrsSettings = {
  /** `crs`: the OWASP Core Rule Set the classifier was started with, or else the embedded pack; `base`: the embedded pack. */
  readonly ruleSet: 'crs' | 'base'
  readonly paranoia: 1 | 2 | 3 | 4
  /** Anomaly scores from which a message is refused. */
  readonly inboundThreshold: number
  readonly outboundThreshold: number
  readonly exclusions: readonly CrsExclusion[]
  /** Judge responses, too (phases 3 and 4): every text response is then held until it is judged. */
  readonly responses: boolean
}

export type WafSensor = {
  readonly name: string
  readonly comment: string
  readonly rules: readonly SensorRule[]
  readonly crs: CrsSettings | null
  readonly body: BodyLimit
}

export type DlpSensor = {
  readonly name: string
  readonly comment: string
  readonly rules: readonly SensorRule[]
  /** Bound with deny: overwrite what was found in a body instead of refusing the message. */
  readonly mask: boolean
  readonly body: BodyLimit
}

/** What a match means for one group: `allow` an alert; `deny`, in Protect, a refusal (or a mask). NeuVector's words. */
export const sensorActions = ['allow', 'deny'] as const
export type SensorAction = (typeof sensorActions)[number]
export type SensorBinding = { readonly sensor: string; readonly action: SensorAction }

/**
 * The sensors of one learned or custom group. WAF: traffic into each member, and from members to what is outside of the
 * cluster. DLP: traffic that crosses the group's boundary, in both directions.
 */
export type Inspection = {
  readonly group: string
  readonly waf: readonly SensorBinding[]
  readonly dlp: readonly SensorBinding[]
  /** What holds in Protect while the classifier can not be asked. */
  readonly onFailure: 'failClosed' | 'failOpen'
}

/**
 * What one class of flows is inspected for: the bindings of all groups concerned, the stricter action where two name the
 * same sensor. Its id is a hash of everything it means, sensors' contents included, so that Envoy's configuration and
 * the classifier can never mean different things by it.
 */
export type InspectionProfile = {
  readonly id: string
  /** Protect: denials are done. Otherwise only alerts. */
  readonly enforce: boolean
  readonly waf: readonly SensorBinding[]
  readonly dlp: readonly SensorBinding[]
  readonly onFailure: Inspection['onFailure']
}

/** Everything the classifier needs: what the control plane serves it, whole, whenever it changes. */
export type InspectionSet = {
  readonly wafSensors: readonly WafSensor[]
  readonly dlpSensors: readonly DlpSensor[]
  readonly profiles: readonly InspectionProfile[]
}

/** NeuVector's bound. */
export const maxSensorPatterns = 16
/** Largest `inspectBytes`, and what it is where nothing is said (ModSecurity's SecRequestBodyNoFilesLimit). */
export const maxInspectBytes = 1024 * 1024
export const defaultWafBody: BodyLimit = { inspectBytes: 128 * 1024, pastLimit: 'deny' }
export const defaultDlpBody: BodyLimit = { inspectBytes: 1024 * 1024, pastLimit: 'pass' }

/** What a pattern says where people say nothing. */
export const plainPattern: PatternCommon = { have: true, contexts: patternContexts, atLeast: 1 }
/** What a rule set is where nothing is said: CRS's own defaults. */
export const defaultCrs: CrsSettings = {
  ruleSet: 'crs',
  paranoia: 1,
  inboundThreshold: 5,
  outboundThreshold: 4,
  exclusions: [],
  responses: false,
}
const detectorRule = (name: string): SensorRule => ({
  name,
  patterns: [{ kind: 'detector', detector: name, ...plainPattern }],
})
const dlp = (name: string, comment: string, detectors: readonly string[]): DlpSensor => ({
  name,
  comment,
  rules: detectors.map(detectorRule),
  mask: false,
  body: defaultDlpBody,
})
const waf = (name: CrsSettings['ruleSet'], comment: string): WafSensor => ({
  name,
  comment,
  rules: [],
  crs: { ...defaultCrs, ruleSet: name },
  body: defaultWafBody,
})

/** There from the start under reserved names; people copy them, and edit the copy. */
export const predefinedWafSensors: readonly WafSensor[] = [
  waf('base', 'Postern’s own rules: injections, traversal, log4shell, scanners …'),
  waf('crs', 'OWASP Core Rule Set, paranoia level 1'),
]
export const predefinedDlpSensors: readonly DlpSensor[] = [
  dlp('creditcard', 'Payment card numbers: issuer and checksum are verified', ['card']),
  dlp('secrets', 'Private keys, credentials in URLs, and the tokens of well-known vendors', [
    'private-key',
    'basic-auth',
    'aws-access-key',
    'aws-secret-key',
    'gcp-api-key',
    'gcp-oauth-secret',
    'azure-storage-key',
    'azure-client-secret',
    'github-token',
    'github-fine-grained',
    'gitlab-token',
    'slack-token',
    'slack-webhook',
    'stripe-key',
    'openai-key',
    'anthropic-key',
    'npm-token',
    'npm-legacy-token',
    'pypi-token',
    'vault-token',
    'docker-token',
  ]),
  dlp('ssn', 'US social security and taxpayer numbers', ['ssn', 'itin']),
]

/** Keys that are known by their prefix and alphabet. A list, not logic: what vendors document or scanners agree on. */
import { at, isWord, slice } from '../bytes.ts'
import { maxRegexBytes } from '../limits.ts'
import type { Detector } from '../model.ts'

/** `before`: how many bytes before the word the key begins: words are chosen that text has little of. */
type Key = { readonly words: readonly string[]; readonly shape: RegExp; readonly before?: number }

/** Each shape is anchored and is followed by something that is not its alphabet. */
const keys: Readonly<Record<string, Key>> = {
  'aws-access-key': {
    words: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    shape: /^(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9_])/,
  },
  'gcp-api-key': { words: ['AIza'], shape: /^AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/ },
  'gcp-oauth-secret': { words: ['GOCSPX-'], shape: /^GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/ },
  'azure-storage-key': { words: ['AccountKey='], shape: /^AccountKey=[A-Za-z0-9+/]{86}==/ },
  'azure-client-secret': {
    words: ['8Q~'],
    shape: /^[A-Za-z0-9_~.]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/,
    before: 3,
  },
  'github-fine-grained': {
    words: ['_pat_'],
    before: 6,
    shape: /^github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9_])/,
  },
  'gitlab-token': {
    words: ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glft-', 'glsoat-', 'glcbt-'],
    shape: /^gl(?:pat|dt|rt|ptt|ft|soat|cbt)-[A-Za-z0-9_.-]{20,64}(?![A-Za-z0-9_-])/,
  },
  'slack-token': {
    words: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xapp-'],
    shape: /^(?:xox[abeprs]|xapp)-(?=[A-Za-z-]{0,20}\d)[A-Za-z0-9-]{20,200}(?![A-Za-z0-9-])/,
  },
  'slack-webhook': {
    words: ['.slack.com/'],
    before: 5,
    shape: /^hooks\.slack\.com\/(?:services|workflows)\/T[A-Z0-9]{8,12}\/[A-Z0-9]{8,12}\/[A-Za-z0-9/]{20,80}/,
  },
  'stripe-key': {
    words: ['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_'],
    shape: /^[sr]k_(?:live|test)_[A-Za-z0-9]{20,247}(?![A-Za-z0-9_])/,
  },
  'anthropic-key': {
    words: ['sk-ant-'],
    shape: /^sk-ant-(?:api|admin|sid|oat)\d\d-[A-Za-z0-9_-]{80,120}(?![A-Za-z0-9_-])/,
  },
  'npm-legacy-token': {
    words: [':_authToken='],
    shape: /^:_authToken=[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/,
  },
  'pypi-token': { words: ['pypi-AgEIcHlwaS'], shape: /^pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,300}/ },
  'sendgrid-key': { words: ['SG.'], shape: /^SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/ },
  'digitalocean-token': { words: ['_v1_'], before: 3, shape: /^do[opr]_v1_[0-9a-f]{64}(?![A-Za-z0-9])/ },
  'shopify-token': {
    words: ['hpat_', 'hpca_', 'hppa_', 'hpss_'],
    before: 1,
    shape: /^shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}(?![A-Za-z0-9])/,
  },
  'huggingface-token': { words: ['hf_'], shape: /^hf_[A-Za-z]{34}(?![A-Za-z0-9])/ },
  'docker-token': { words: ['_pat_'], before: 4, shape: /^dckr_pat_[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])/ },
  'vault-token': { words: ['hvs.', 'hvb.'], shape: /^hv[sb]\.[A-Za-z0-9_-]{24,200}(?![A-Za-z0-9_-])/ },
}

function detector(name: string, { words, shape, before = 0 }: Key): Detector {
  return {
    name,
    trigger: { kind: 'words', words, ignoreCase: false },
    find(text, from) {
      const start = from - before
      if (start < 0 || isWord(at(text, start - 1))) return undefined
      const match = shape.exec(slice(text, start, start + maxRegexBytes))
      return match ? { start, end: start + match[0].length, strength: 'certain' } : undefined
    },
  }
}

/** Between the name and the key what configurations, tables and people put there: `: "`, `=`, `</th><td>`, `is`. */
const awsSecret =
  /^secret[_ -]?access[_ -]?key(?:[\s"'`\\:=>]|<\/?[a-z]{1,8}>|is){1,12}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/i

/** It has no shape of its own: it is known by the name before it, which may go on to the left (`aws_secret_access_key`). */
const awsSecretKey: Detector = {
  name: 'aws-secret-key',
  trigger: { kind: 'words', words: ['access_key', 'accesskey', 'access-key', 'access key'], ignoreCase: true },
  find(text, from) {
    const before = at(text, from - 1)
    const start = from - (before === 0x5f || before === 0x2d || before === 0x20 ? 7 : 6)
    const match = start < 0 ? null : awsSecret.exec(slice(text, start, start + maxRegexBytes))
    return match ? { start, end: start + match[0].length, strength: 'certain' } : undefined
  },
}

const openaiHead = /(?<![A-Za-z0-9_])sk-(?:(?:proj|svcacct|admin)-)?[A-Za-z0-9_-]{20,100}$/
const openaiTail = /^T3BlbkFJ[A-Za-z0-9_-]{20,100}(?![A-Za-z0-9_-])/

/** Known by what stands in its middle (base64 of "OpenAI"): `sk-` alone is everywhere. */
const openaiKey: Detector = {
  name: 'openai-key',
  trigger: { kind: 'words', words: ['T3BlbkFJ'], ignoreCase: false },
  find(text, from) {
    const tail = openaiTail.exec(slice(text, from, from + maxRegexBytes))
    const head = tail && openaiHead.exec(slice(text, from - 116, from))
    return head ? { start: from - head[0].length, end: from + tail[0].length, strength: 'certain' } : undefined
  },
}

export const vendorKeys: readonly Detector[] = [
  awsSecretKey,
  openaiKey,
  ...Object.entries(keys).map(([name, key]) => detector(name, key)),
]

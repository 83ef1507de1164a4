/** Keys that are known by their prefix and alphabet. A list, not logic: what vendors document or scanners agree on. */
import { at, isWord, slice } from '../bytes.ts'
import { maxRegexBytes } from '../limits.ts'
import type { Detector } from '../model.ts'

/** `before`: how many bytes before the word the key begins. */
type Key = { readonly words: readonly string[]; readonly shape: RegExp; readonly before?: number }

/** Each shape is anchored and is followed by something that is not its alphabet. */
const keys: Readonly<Record<string, Key>> = {
  'aws-access-key': {
    words: ['akia', 'asia', 'abia', 'acca'],
    shape: /^(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9_])/,
  },
  'aws-secret-key': {
    words: ['secret_access_key', 'secretaccesskey', 'secret-access-key'],
    shape: /^secret[_-]?access[_-]?key["']?\s{0,4}[:=]{1,2}\s{0,4}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/i,
  },
  'gcp-api-key': { words: ['aiza'], shape: /^AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/ },
  'gcp-oauth-secret': { words: ['gocspx-'], shape: /^GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/ },
  'azure-storage-key': { words: ['accountkey='], shape: /^AccountKey=[A-Za-z0-9+/]{86}==/i },
  'azure-client-secret': {
    words: ['8q~'],
    shape: /^[A-Za-z0-9_~.]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/,
    before: 3,
  },
  'github-fine-grained': {
    words: ['github_pat_'],
    shape: /^github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9_])/,
  },
  'gitlab-token': {
    words: ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glft-', 'glsoat-', 'glcbt-'],
    shape: /^gl(?:pat|dt|rt|ptt|ft|soat|cbt)-[A-Za-z0-9_.-]{20,64}(?![A-Za-z0-9_-])/,
  },
  'slack-token': {
    words: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xapp-'],
    shape: /^(?:xox[abeprs]|xapp)-(?=[A-Za-z-]*\d)[A-Za-z0-9-]{20,200}(?![A-Za-z0-9-])/,
  },
  'slack-webhook': {
    words: ['hooks.slack.com/'],
    shape: /^hooks\.slack\.com\/(?:services|workflows)\/T[A-Z0-9]{8,12}\/[A-Z0-9]{8,12}\/[A-Za-z0-9/]{20,80}/,
  },
  'stripe-key': {
    words: ['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_'],
    shape: /^[sr]k_(?:live|test)_[A-Za-z0-9]{20,247}(?![A-Za-z0-9_])/,
  },
  'openai-key': {
    words: ['sk-'],
    shape: /^sk-(?:(?:proj|svcacct|admin)-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}(?![A-Za-z0-9_-])/,
  },
  'anthropic-key': {
    words: ['sk-ant-'],
    shape: /^sk-ant-(?:api|admin|sid|oat)\d\d-[A-Za-z0-9_-]{80,120}(?![A-Za-z0-9_-])/,
  },
  'npm-legacy-token': {
    words: [':_authtoken='],
    shape: /^:_authToken=[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/,
  },
  'pypi-token': { words: ['pypi-ageichlwas'], shape: /^pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,300}/ },
  'sendgrid-key': { words: ['sg.'], shape: /^SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/ },
  'digitalocean-token': { words: ['dop_v0_', 'doo_v0_', 'dor_v0_'], shape: /^do[opr]_v1_[0-9a-f]{64}(?![A-Za-z0-9])/ },
  'shopify-token': {
    words: ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    shape: /^shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}(?![A-Za-z0-9])/,
  },
  'huggingface-token': { words: ['hf_'], shape: /^hf_[A-Za-z]{34}(?![A-Za-z0-9])/ },
  'docker-token': { words: ['dckr_pat_'], shape: /^dckr_pat_[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])/ },
  'vault-token': { words: ['hvs.', 'hvb.'], shape: /^hv[sb]\.[A-Za-z0-9_-]{24,200}(?![A-Za-z0-9_-])/ },
}

function detector(name: string, { words, shape, before = 0 }: Key): Detector {
  return {
    name,
    trigger: { kind: 'words', words },
    find(text, from) {
      const start = from - before
      // `aws_secret_access_key` begins in the middle of its name.
      if (start < 0 || (name !== 'aws-secret-key' && isWord(at(text, start - 1)))) return undefined
      const match = shape.exec(slice(text, start, start + maxRegexBytes))
      return match ? { start, end: start + match[0].length, strength: 'certain' } : undefined
    },
  }
}

export const vendorKeys: readonly Detector[] = Object.entries(keys).map(([name, key]) => detector(name, key))

/** libmodsecurity in a process of its own (`test/bench/waf/peer.py`), asked for what it finds. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Source } from '../../../classifier/waf/seclang/load.ts'
import type { Case } from './cases.ts'

/** Ids in ascending order, each once, and the inbound score. */
export type Finding = { readonly ids: readonly number[]; readonly score: string }

/**
 * 949110 says that the score is at least 5 and nothing else. 980170 reports: it is `noauditlog`, which libmodsecurity
 * does not tell of.
 */
const derived: ReadonlySet<number> = new Set([949110, 980170])

export function found(ids: readonly number[], score: string | undefined, scoreRule: number): Finding {
  const told = [...new Set(ids)].filter((id) => id !== scoreRule && !derived.has(id))
  return { ids: told.sort((a, b) => a - b), score: score ?? 'untold' }
}

export type Peer = AsyncDisposable & { readonly judge: (cases: readonly Case[]) => Promise<readonly Finding[]> }

const script = fileURLToPath(new URL('../../../scripts/libmodsecurity.sh', import.meta.url))
const program = fileURLToPath(new URL('../../bench/waf/peer.py', import.meta.url))

/** Where the wheel is, or undefined where there is none for this machine and its Python. */
export function peerLibrary(): string | undefined {
  const { status, stdout } = spawnSync('bash', [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  return status === 0 ? stdout.trim() : undefined
}

export async function startPeer(
  library: string,
  rules: readonly (string | Source)[],
  scoreRule: number,
): Promise<Peer> {
  const env = { ...process.env, PYTHONPATH: library }
  const child = spawn('python3', [program], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const ask = async (question: unknown): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(question)}\n`)
    const answer = await lines.next()
    if (answer.done) throw new Error('libmodsecurity ended')
    return JSON.parse(answer.value)
  }
  await ask({ rules: rules.map((rule) => (typeof rule === 'string' ? { file: rule } : { text: rule.text })) })
  return {
    async judge(cases) {
      const answer = await ask({ requests: cases.map(({ request }) => request), each: [scoreRule] })
      const { each } = answer as { each: readonly { ids: readonly number[]; messages: Record<string, string> }[] }
      return each.map(({ ids, messages }) => found(ids, messages[scoreRule], scoreRule))
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

/**
 * How often each rule decided, and when it last did: one for each connection, and for HTTP one for each request. Kept
 * apart from the rules, so that being hit makes no revision. Survives restarts up to the last write.
 */
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../store/database.ts'

export type RuleHits = {
  readonly hits: number
  /** Epoch milliseconds. */
  readonly lastHit: number
}

/** Rules counted. Past it new ones are not: ids come from sidecars, which may invent them. */
const maxRules = 50_000
/** A rule that was not hit for so long is forgotten: by then it was deleted, or may as well be. */
const keptMilliseconds = 365 * 24 * 3_600_000

export class Hits {
  readonly #database: DatabaseSync
  readonly #hits = new Map<string, RuleHits>()
  readonly #unwritten = new Set<string>()

  constructor(database: DatabaseSync) {
    this.#database = database
    for (const { rule, count, last } of database.prepare('SELECT rule, count, last FROM hits').all()) {
      this.#hits.set(String(rule), { hits: Number(count), lastHit: Number(last) })
    }
  }

  /** Counted under the rule's id; `default` where none matched. */
  add(rule: string, count: number, at: number): void {
    const known = this.#hits.get(rule)
    if (count === 0 || (known === undefined && this.#hits.size >= maxRules)) return
    this.#hits.set(rule, { hits: (known?.hits ?? 0) + count, lastHit: Math.max(known?.lastHit ?? 0, at) })
    this.#unwritten.add(rule)
  }

  all(): ReadonlyMap<string, RuleHits> {
    return this.#hits
  }

  flush(): void {
    const upsert = this.#database.prepare('INSERT OR REPLACE INTO hits (rule, count, last) VALUES (?, ?, ?)')
    transaction(this.#database, () => {
      for (const rule of this.#unwritten) {
        const { hits, lastHit } = this.#hits.get(rule)!
        upsert.run(rule, hits, Math.round(lastHit))
      }
    })
    this.#unwritten.clear()
  }

  trim(now: number): void {
    for (const [rule, { lastHit }] of this.#hits) if (lastHit < now - keptMilliseconds) this.#hits.delete(rule)
    this.#database.prepare('DELETE FROM hits WHERE last < ?').run(now - keptMilliseconds)
  }
}

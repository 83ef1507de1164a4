/** Writes revision after revision to the store at argv[2] and prints each once it is acknowledged, until it is killed. */
import { writeSync } from 'node:fs'
import { openStore } from '../sqlite.ts'

const store = openStore({
  path: process.argv[2]!,
  now: Date.now,
  onWatcherError: console.error,
})
for (;;) {
  const base = store.read('ignored').revision
  const value = [{ from: `writer ${base + 1}`, to: 'any', application: 'http' }]
  const saved = store.write({ document: 'ignored', value, base, author: 'writer', summary: '' })
  if (!saved.ok) throw new Error('nobody else writes here')
  writeSync(1, `${saved.saved.revision}\n`)
}

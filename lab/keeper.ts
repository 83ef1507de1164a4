/**
 * The lab's keeper, `keeper.ts STATE-DIRECTORY`: keeps every log bounded while nobody else is there, and ends when the
 * lab it was started for is gone. Processes append to their log, so cutting it under them loses nothing but history.
 */
import { copyFileSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { layoutOf } from './layout.ts'
import { readManifest } from './manifest.ts'

/** A log is at most this long, and its one predecessor (`.old`) too, give or take what comes within a look. */
const maxLogBytes = 4 * 1024 * 1024
const everyMs = 2_000

const layout = layoutOf(process.argv[2])
const id = readManifest(layout)?.id

function look(): void {
  if (id === undefined || readManifest(layout)?.id !== id) process.exit(0)
  for (const name of readdirSync(layout.logs)) {
    const log = join(layout.logs, name)
    if (!name.endsWith('.log') || statSync(log).size <= maxLogBytes) continue
    copyFileSync(log, `${log}.old`)
    truncateSync(log)
  }
}

setInterval(look, everyMs)

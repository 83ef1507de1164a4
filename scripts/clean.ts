/** `npm run clean`: takes the lab down and removes what builds leave behind. The cache in ~/.cache/postern stays. */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'

const down = spawnSync(process.execPath, ['main.ts', 'lab', 'down'], { stdio: 'inherit' })
for (const path of ['dist', 'node_modules/.postern-lock']) rmSync(path, { recursive: true, force: true })
process.exit(down.status ?? 1)

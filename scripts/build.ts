/**
 * `npm run build`: what an image needs besides the sources, which Node runs as they are. Checks the types, compiles the
 * sniffer into dist/, and has the descriptor of Envoy's API worked out where the control plane looks for it.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { buildSniffer } from '../classifier/sniffer/build.ts'
import { messageType } from '../xds-server/envoy/descriptor.ts'

const types = spawnSync('tsc', ['--noEmit'], { stdio: 'inherit' })
if (types.status !== 0) process.exit(1)
console.log('types: checked')

const { wasm, sha256 } = await buildSniffer()
mkdirSync('dist', { recursive: true })
writeFileSync('dist/sniffer.wasm', wasm)
writeFileSync('dist/sniffer.wasm.sha256', `${sha256}  sniffer.wasm\n`)
console.log(`dist/sniffer.wasm: ${wasm.length} bytes, sha256 ${sha256}`)

messageType('envoy.config.listener.v3.Listener')
console.log('node_modules/.cache/postern: descriptor of the Envoy API')

/** The commands of this folder as a program of their own, for tests that need a real process. */
import { nodeIo } from '../node-io.ts'
import { createProgram } from '../program.ts'

process.exitCode = await createProgram(nodeIo()).run(process.argv.slice(2))

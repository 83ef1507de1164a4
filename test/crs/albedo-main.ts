/** `albedo-main.ts PORT`: the regression's backend as a process, on every address. */
import { startAlbedo } from './albedo-server.ts'

await startAlbedo('::', Number(process.argv[2]))

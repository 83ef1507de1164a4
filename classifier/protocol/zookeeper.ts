/** ZooKeeper: ConnectRequest and ConnectResponse (zookeeper.jute), and the four-letter words of its admin door. */
import { at, size } from './bytes.ts'
import { be32, has, literal, NO, newline, truth, within, YES, zeros } from './read.ts'

const passwordBytes: i32 = 16
/** Ten minutes in ms: longer sessions are refused by every default. */
const maxTimeout: i32 = 10 * 60 * 1000

/** Length 44 (45 with the read-only flag), protocol 0, zxid 8, timeout 4, session 8, password. */
export function zookeeperClient(): i32 {
  const start = zeros(0, 3) & within(3, 44, 45) & zeros(4, 8) & has(32)
  if (start !== YES) return start === NO ? fourLetters() : start
  return truth(be32(28) === passwordBytes && be32(16) > 0 && be32(16) <= maxTimeout && at(8) < 0x80)
}

/** Length 36 (37), protocol 0, timeout 4, session 8, password. */
export function zookeeperServer(): i32 {
  const start = zeros(0, 3) & within(3, 36, 37) & zeros(4, 8) & has(24)
  if (start !== YES) return start | literal(0, 'imok')
  return truth(be32(20) === passwordBytes && be32(8) >= 0 && be32(8) <= maxTimeout)
}

/** Four letters and nothing else, or a newline: while more could follow, `stat` may yet be another's `stats`. */
function fourLetters(): i32 {
  const word =
    literal(0, 'ruok') |
    literal(0, 'mntr') |
    literal(0, 'srvr') |
    literal(0, 'isro') |
    literal(0, 'wchs') |
    literal(0, 'envi')
  if (word !== YES) return word | ambiguous()
  return size() === 4 ? YES : newline(4)
}

function ambiguous(): i32 {
  return (literal(0, 'stat') | literal(0, 'conf') | literal(0, 'cons') | literal(0, 'dump')) & newline(4)
}

/** Microsoft SQL Server (MS-TDS): PRELOGIN, LOGIN7, and the server's answer to either. */
import { at } from './bytes.ts'
import { be16, has, is, le32, NO, truth, within, YES, zeros } from './read.ts'

const preLogin: i32 = 0x12
const login7: i32 = 0x10
const reply: i32 = 4
/** Type, status, length 2, SPID 2, packet id, window. */
const headerBytes: i32 = 8
/** The largest packet a client may send first. */
const maxPacketBytes: i32 = 4096
/** One option: token, offset 2, length 2. */
const optionBytes: i32 = 5

function header(type: i32): i32 {
  const start = is(0, type) & within(1, 0, 1) & within(2, 0, maxPacketBytes >> 8) & is(7, 0)
  return start !== YES ? start : truth(be16(2) > headerBytes && be16(2) <= maxPacketBytes)
}

/** The first option is VERSION (token 0, 6 bytes), behind a table whose offsets start where it ends. */
function options(): i32 {
  const version = is(8, 0) & is(9, 0) & within(10, optionBytes + 1, 60) & is(11, 0) & is(12, 6)
  if (version !== YES) return version
  const end: i32 = headerBytes + at(10) - 1
  return is(end, 0xff) & truth(end + 6 < be16(2)) & tokens(end)
}

/** Tokens ascend to at most 7 (FEDAUTHREQUIRED 6, NONCEOPT 7). */
function tokens(end: i32): i32 {
  let answer: i32 = YES
  for (let i: i32 = headerBytes + optionBytes; i < end; i += optionBytes) answer = answer & within(i, 1, 7)
  return answer
}

export function mssqlClient(): i32 {
  return (header(preLogin) & is(4, 0) & is(5, 0) & options()) | login()
}

/** LOGIN7: its own length, and a TDS version 7.0 - 7.4. */
function login(): i32 {
  const start = header(login7) & zeros(4, 6) & has(16)
  if (start !== YES) return start
  const version = le32(12)
  return version < 0x70000000 || version > 0x74ffffff ? NO : truth(le32(8) >= 94 && le32(8) <= 131072)
}

/** A whole reply (status 1) whose body is a PRELOGIN table, LOGINACK's tokens or an error. */
export function mssqlServer(): i32 {
  return header(reply) & is(1, 1) & options()
}

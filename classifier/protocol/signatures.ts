/**
 * The judgement: which application the first bytes are of. Promises: one answer for the same bytes, however they arrived
 * in pieces; it never guesses (two protocols that cannot be told apart are `unknown`); it reads the window of `bytes.ts`
 * and nothing else. Adding a protocol is adding a file and a line here.
 */
import { ftpServer } from './ftp.ts'
import { http1Client, http1Server } from './http1.ts'
import { http2Client, http2Server } from './http2.ts'
import { kafkaClient } from './kafka.ts'
import { mongodbClient, mongodbServer } from './mongodb.ts'
import { mysqlClient, mysqlServer } from './mysql.ts'
import {
  FTP,
  HTTP,
  HTTP2,
  KAFKA,
  MONGODB,
  MYSQL,
  POSTGRESQL,
  REDIS,
  SMTP,
  SSH,
  TLS,
  UNDECIDED,
  UNKNOWN,
} from './names.ts'
import { postgresqlClient, postgresqlServer } from './postgresql.ts'
import { MORE, YES } from './read.ts'
import { redisClient, redisServer } from './redis.ts'
import { smtpClient, smtpServer } from './smtp.ts'
import { sshClient, sshServer } from './ssh.ts'
import { tlsClient, tlsClientV2, tlsServer } from './tls.ts'

let verdict: i32 = UNKNOWN
let settled: bool = false
let last: bool = false

function open(end: bool): void {
  verdict = UNKNOWN
  settled = false
  last = end
}

/** The strongest signature that is not refuted has the word: its YES is the answer, its MORE keeps the weaker ones waiting. */
function judge(application: i32, answer: i32): void {
  if (settled) return
  if (answer === YES) verdict = application
  else if (answer === MORE && !last) verdict = UNDECIDED
  else return
  settled = true
}

/**
 * What the client's first bytes say: an application, UNKNOWN, or UNDECIDED while more bytes could tell (never at `end`:
 * the client has half-closed, fallen silent, or filled the window). Strongest first.
 */
export function classifyClient(end: bool): i32 {
  open(end)
  judge(TLS, tlsClient(end))
  judge(TLS, tlsClientV2())
  judge(HTTP2, http2Client())
  judge(HTTP, http1Client(end))
  judge(SSH, sshClient())
  judge(POSTGRESQL, postgresqlClient()) // an SSLRequest is whole at 8 bytes, before Kafka's header is
  judge(MONGODB, mongodbClient())
  judge(REDIS, redisClient())
  judge(SMTP, smtpClient())
  judge(MYSQL, mysqlClient())
  judge(KAFKA, kafkaClient()) // no magic number at all: after everyone else that starts with a length
  return verdict
}

/** What the server's first bytes say: a greeting, or the first reply where the client's bytes told nothing. */
export function classifyServer(end: bool): i32 {
  open(end)
  judge(TLS, tlsServer())
  judge(SSH, sshServer())
  judge(HTTP, http1Server())
  judge(SMTP, smtpServer())
  judge(FTP, ftpServer()) // `220` too: SMTP says its name in the greeting, and "ftp" may be in a mail host's name
  judge(REDIS, redisServer())
  judge(POSTGRESQL, postgresqlServer())
  judge(MYSQL, mysqlServer())
  judge(HTTP2, http2Server())
  judge(MONGODB, mongodbServer())
  return verdict
}

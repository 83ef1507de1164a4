/**
 * The judgement: which application the first bytes are of. Promises: one answer for the same bytes, however they arrived
 * in pieces; it never guesses (what two protocols could both have sent is `unknown`); it reads the window of `bytes.ts` and
 * nothing else. Adding a protocol is adding a file and a line here.
 */
import { amqpClient, amqpServer } from './amqp.ts'
import { cassandraClient, cassandraServer } from './cassandra.ts'
import { dnsClient, dnsServer } from './dns.ts'
import { ftpClient, ftpServer, ftpUser, greets220 } from './ftp.ts'
import { gitClient, gitServer } from './git.ts'
import { http1Client, http1Server } from './http1.ts'
import { http2Client, http2Server } from './http2.ts'
import { imapClient, imapServer } from './imap.ts'
import { kafkaClient } from './kafka.ts'
import { ldapClient, ldapServer } from './ldap.ts'
import { memcachedClient, memcachedServer } from './memcached.ts'
import { mongodbClient, mongodbServer } from './mongodb.ts'
import { mqttClient, mqttServer } from './mqtt.ts'
import { mssqlClient, mssqlServer } from './mssql.ts'
import { mysqlClient, mysqlServer } from './mysql.ts'
import {
  AMQP,
  CASSANDRA,
  DNS,
  FTP,
  GIT,
  HTTP,
  HTTP2,
  IMAP,
  KAFKA,
  LDAP,
  MEMCACHED,
  MONGODB,
  MQTT,
  MSSQL,
  MYSQL,
  NATS,
  ORACLE,
  POP3,
  POSTGRESQL,
  RDP,
  REDIS,
  RSYNC,
  SMTP,
  SSH,
  TLS,
  UNDECIDED,
  UNKNOWN,
  VNC,
  ZOOKEEPER,
} from './names.ts'
import { natsClient, natsServer } from './nats.ts'
import { oracleClient, oracleServer } from './oracle.ts'
import { pop3Client, pop3Server } from './pop3.ts'
import { postgresqlClient, postgresqlServer } from './postgresql.ts'
import { rdpClient, rdpServer } from './rdp.ts'
import { MORE, NO, YES } from './read.ts'
import { redisClient, redisServer } from './redis.ts'
import { rsyncClient, rsyncServer } from './rsync.ts'
import { smtpClient, smtpServer } from './smtp.ts'
import { sshClient, sshPreamble, sshServer } from './ssh.ts'
import { tlsClient, tlsClientV2, tlsServer } from './tls.ts'
import { vncClient, vncServer } from './vnc.ts'
import { zookeeperClient, zookeeperServer } from './zookeeper.ts'

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
 * the client has half-closed, fallen silent, or filled the window). Strongest first: long fixed texts and magic numbers,
 * then structures, then what has little more than a length.
 */
export function classifyClient(end: bool): i32 {
  open(end)
  judge(TLS, tlsClient(end))
  judge(HTTP2, http2Client())
  judge(HTTP, http1Client(end))
  judge(SSH, sshClient())
  judge(AMQP, amqpClient())
  judge(RSYNC, rsyncClient())
  judge(VNC, vncClient())
  judge(GIT, gitClient())
  judge(NATS, natsClient())
  judge(MQTT, mqttClient())
  judge(POSTGRESQL, postgresqlClient()) // an SSLRequest is whole at 8 bytes, before ZooKeeper or Kafka could be
  judge(ORACLE, oracleClient())
  judge(MSSQL, mssqlClient())
  judge(RDP, rdpClient())
  judge(CASSANDRA, cassandraClient())
  judge(LDAP, ldapClient())
  judge(MYSQL, mysqlClient())
  judge(TLS, tlsClientV2()) // 0x80, as Memcached's binary requests: its lengths must add up
  judge(SMTP, smtpClient())
  judge(POP3, pop3Client())
  judge(FTP, ftpClient())
  judge(MEMCACHED, memcachedClient())
  judge(REDIS, redisClient()) // inline commands: after Memcached, whose `set` says more
  judge(MONGODB, mongodbClient()) // wants 25 bytes of what may be a whole short message of others
  judge(ZOOKEEPER, zookeeperClient()) // Kafka would take it for a request without a client id
  judge(DNS, dnsClient())
  judge(KAFKA, kafkaClient()) // no magic number at all
  judge(IMAP, imapClient()) // a tag may be any word, so any line of text is waited for
  return verdict
}

/** The same after a server's `220` that told nothing more: SMTP and FTP share that greeting. */
export function classifyClientAfter220(end: bool): i32 {
  open(end)
  judge(SMTP, smtpClient())
  judge(FTP, ftpClient() | ftpUser())
  return verdict === UNKNOWN ? classifyClient(end) : verdict
}

/** What the server's first bytes say: a greeting, or the first reply where the client's bytes told nothing. */
export function classifyServer(end: bool): i32 {
  open(end)
  judge(TLS, tlsServer())
  judge(SSH, sshServer())
  judge(HTTP, http1Server())
  judge(VNC, vncServer())
  judge(RSYNC, rsyncServer())
  judge(NATS, natsServer())
  judge(IMAP, imapServer())
  judge(POP3, pop3Server())
  judge(SMTP, smtpServer())
  judge(FTP, ftpServer()) // `220` too: SMTP says its name in the greeting, and a mail host may be called "ftp"
  judge(REDIS, redisServer())
  judge(MEMCACHED, memcachedServer())
  judge(AMQP, amqpServer())
  judge(GIT, gitServer())
  judge(MYSQL, mysqlServer())
  judge(POSTGRESQL, postgresqlServer())
  judge(ORACLE, oracleServer())
  judge(MSSQL, mssqlServer())
  judge(RDP, rdpServer())
  judge(CASSANDRA, cassandraServer())
  judge(LDAP, ldapServer())
  judge(MQTT, mqttServer())
  judge(HTTP2, http2Server())
  judge(ZOOKEEPER, zookeeperServer())
  judge(MONGODB, mongodbServer())
  judge(DNS, dnsServer())
  judge(SSH, isBare220() ? NO : sshPreamble()) // any text may precede a version: waits with every other line of text
  return verdict
}

/** Is the server's greeting a `220` that tells no more? SMTP's or FTP's: the client's first command will tell which. */
export function isBare220(): bool {
  return greets220() === YES && (smtpServer() | ftpServer()) !== YES
}

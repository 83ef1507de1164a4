/**
 * Applications as the signatures number them. The numbers stay inside this folder and the sniffer; everybody else sees
 * the names, which are those of `xds-server/policy/applications.ts` (a test holds the two together).
 */

/** Not decided: more bytes, please. */
export const UNDECIDED: i32 = -1
export const UNKNOWN: i32 = 0
export const HTTP: i32 = 1
export const HTTP2: i32 = 2
export const TLS: i32 = 3
export const SSH: i32 = 4
export const POSTGRESQL: i32 = 5
export const MYSQL: i32 = 6
export const REDIS: i32 = 7
export const MONGODB: i32 = 8
export const KAFKA: i32 = 9
export const CASSANDRA: i32 = 10
export const MEMCACHED: i32 = 11
export const AMQP: i32 = 12
export const MQTT: i32 = 13
export const NATS: i32 = 14
export const ZOOKEEPER: i32 = 15
export const LDAP: i32 = 16
export const SMTP: i32 = 17
export const FTP: i32 = 18
export const POP3: i32 = 19
export const IMAP: i32 = 20
export const DNS: i32 = 21
export const MSSQL: i32 = 22
export const ORACLE: i32 = 23
export const RDP: i32 = 24
export const VNC: i32 = 25
export const RSYNC: i32 = 26
export const GIT: i32 = 27

/** How many there are, `unknown` included: numbers run from 0. */
export const applicationCount: i32 = 28

/** The name of an application; `unknown` for any other number. */
export function nameOf(application: i32): string {
  switch (application) {
    case HTTP:
      return 'http'
    case HTTP2:
      return 'http2'
    case TLS:
      return 'tls'
    case SSH:
      return 'ssh'
    case POSTGRESQL:
      return 'postgresql'
    case MYSQL:
      return 'mysql'
    case REDIS:
      return 'redis'
    case MONGODB:
      return 'mongodb'
    case KAFKA:
      return 'kafka'
    case CASSANDRA:
      return 'cassandra'
    case MEMCACHED:
      return 'memcached'
    case AMQP:
      return 'amqp'
    case MQTT:
      return 'mqtt'
    case NATS:
      return 'nats'
    case ZOOKEEPER:
      return 'zookeeper'
    case LDAP:
      return 'ldap'
    case SMTP:
      return 'smtp'
    case FTP:
      return 'ftp'
    case POP3:
      return 'pop3'
    case IMAP:
      return 'imap'
    case DNS:
      return 'dns'
    case MSSQL:
      return 'mssql'
    case ORACLE:
      return 'oracle'
    case RDP:
      return 'rdp'
    case VNC:
      return 'vnc'
    case RSYNC:
      return 'rsync'
    case GIT:
      return 'git'
    default:
      return 'unknown'
  }
}

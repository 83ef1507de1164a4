import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { LabError } from '../error.ts'
import { inside } from '../layout.ts'
import type { Secrets } from '../secrets.ts'
import type { App, AppFile } from './app.ts'

/** PostgreSQL with Yelb's one table. Nobody gets in without the lab's password. */
export const yelbDb: App = {
  name: 'yelb-db',
  namespace: 'yelb',
  labels: { app: 'yelb-db', tier: 'backenddb' },
  image: 'postgres:15',
  ports: [{ port: 5432, protocol: 'tcp', name: 'postgresql' }],
  sidecar: 'managed',
  replicas: 1,
  maxReplicas: 1,
  uid: 14765,
  user: 'postgres',
  files: ({ secrets }) => ({
    'password.txt': { content: `${secrets.databasePassword}\n` },
    'init.sh': { content: initialise },
  }),
  prepare: () => ['sh', 'init.sh', binaries(), inside.home],
  command: () => [`${binaries()}/postgres`, '-D', `${inside.home}/data`, ...settings()],
  isReady,
}

const user = 'yelb'
const database = 'yelbdatabase'
const root = '/usr/lib/postgresql'

/** How a libpq client (and `pg`) finds the password: the file `.pgpass` in its home. */
export function pgpass({ databasePassword }: Secrets): AppFile {
  return { content: `*:5432:*:${user}:${databasePassword}\n` }
}

/** No fsync: what the lab keeps, it keeps until `down`. */
function settings(): readonly string[] {
  const values = {
    listen_addresses: '*',
    unix_socket_directories: inside.home,
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '16MB',
    max_connections: '60',
    max_wal_size: '64MB',
    log_min_messages: 'warning',
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** Single-user mode, so that nothing has to be waited for and stopped again. */
const initialise = `set -eu
bin=$1 home=$2
"$bin/initdb" -D "$home/data" -U ${user} --pwfile "$home/password.txt" -A scram-sha-256 \\
  -E UTF8 --locale C --no-sync --no-instructions > /dev/null
echo 'host all all all scram-sha-256' >> "$home/data/pg_hba.conf"
single() { "$bin/postgres" --single -F -j -D "$home/data" "$1" > /dev/null; }
echo 'CREATE DATABASE ${database}' | single postgres
cat <<'SQL' | single ${database}
CREATE TABLE restaurants (name text PRIMARY KEY, count integer NOT NULL DEFAULT 0);

INSERT INTO restaurants (name) VALUES ('outback'), ('bucadibeppo'), ('chipotle'), ('ihop');
SQL
`

/** It listens while it still refuses everybody; its pid file says when it no longer does. */
function isReady(home: string): boolean {
  try {
    return /^ready\s*$/m.test(readFileSync(`${home}/data/postmaster.pid`, 'utf8'))
  } catch {
    return false
  }
}

/** Debian keeps a version's server off the PATH; the newest one is taken. */
function binaries(): string {
  const versions = existsSync(root) ? readdirSync(root).map(Number).filter(Number.isFinite) : []
  if (versions.length > 0) return `${root}/${Math.max(...versions)}/bin`
  throw new LabError('tool-missing', `no PostgreSQL server under ${root}: bash scripts/setup.sh installs it`)
}

/** The apps behind the proxies: real Redis, real nginx, one process each, under a user of their own. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Kitchen } from '../sidecars/kitchen.ts'
import { ports } from './worlds.ts'

const appUid = 65534
const patienceMs = 5_000

const webServer = `
daemon off;
master_process off;
pid /dev/null;
error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path /dev/shm; proxy_temp_path /dev/shm; fastcgi_temp_path /dev/shm; uwsgi_temp_path /dev/shm;
  scgi_temp_path /dev/shm;
  server { listen ${ports.web}; location / { default_type text/plain; return 200 "hello\\n"; } }
}
`

/** The list that LRANGE reads. */
const fill = ['redis-cli', 'lpush', 'list', ...Array.from({ length: 100 }, () => 'xxx')]

async function eventually(what: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + patienceMs
  for (;;) {
    const failed = await what().then(
      () => undefined,
      (error: Error) => error,
    )
    if (failed === undefined) return
    if (performance.now() > end) throw failed
    await delay(50)
  }
}

export async function startApps({ places, folder }: Kitchen, place: string): Promise<void> {
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(configuration, webServer)
  const open = ['--bind', '0.0.0.0', '--protected-mode', 'no', '--save', '', '--appendonly', 'no', '--dir', '/']
  places.start(place, ['redis-server', '--port', `${ports.redis}`, ...open], { uid: appUid })
  places.start(place, ['nginx', '-c', configuration], { uid: appUid })
  await eventually(() => places.exec(place, fill))
  await eventually(() => places.exec(place, ['curl', '-sf', `http://127.0.0.1:${ports.web}/`]))
}

/** How the two processes are started: everything on loopback, in the folder they run in. */
import { once } from 'node:events'
import { createServer } from 'node:net'

export function etcdFlags(port: number, peerPort: number): readonly string[] {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`]
  return [
    ...['--data-dir=etcd', '--unsafe-no-fsync', '--log-level=warn', `--initial-cluster=default=${peer}`],
    ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
  ]
}

export const apiServerFlags = (port: number, etcdPort: number): readonly string[] => [
  `--etcd-servers=http://127.0.0.1:${etcdPort}`,
  ...['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${port}`],
  ...['--tls-cert-file=server.crt', '--tls-private-key-file=server.key', '--client-ca-file=ca.crt'],
  '--service-account-issuer=https://kubernetes.default.svc',
  ...['--service-account-key-file=accounts.pub', '--service-account-signing-key-file=accounts.key'],
  ...['--service-cluster-ip-range=10.96.0.0/16', '--authorization-mode=Node,RBAC', '--allow-privileged'],
  // a loopback address can not be an endpoint of the Service `kubernetes`
  '--endpoint-reconciler-type=none',
]

/** Below the range that the kernel takes from for connections, so that nobody takes one before it is bound. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers: ReturnType<typeof createServer>[] = []
  while (servers.length < count) {
    const server = createServer().listen(20_000 + Math.floor(Math.random() * 12_000), '127.0.0.1')
    const bound = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (bound) servers.push(server)
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

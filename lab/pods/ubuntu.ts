import { spawnSync } from 'node:child_process'
import { inside } from '../layout.ts'
import type { Secrets } from '../secrets.ts'
import type { App } from './app.ts'
import { pgpass } from './yelb-db.ts'

/** Two machines for people: sshd, by key only, and clients of everything. */
export const ubuntu: App = {
  name: 'ubuntu',
  namespace: 'default',
  labels: { app: 'ubuntu' },
  image: 'ubuntu:24.04',
  ports: [{ port: 22, protocol: 'tcp', name: 'ssh' }],
  sidecar: 'managed',
  replicas: 2,
  maxReplicas: 10,
  uid: 14766,
  user: 'ubuntu',
  files: ({ secrets }) => ({
    sshd_config: { content: serverConfiguration() },
    ssh_host_key: { content: secrets.sshHostKey.privateKey },
    '.ssh/id_ed25519': { content: secrets.sshUserKey.privateKey },
    '.ssh/authorized_keys': { content: `${secrets.sshUserKey.publicKey}\n` },
    '.ssh/known_hosts': { content: knownHosts(secrets) },
    '.ssh/config': { content: clientConfiguration },
    '.pgpass': pgpass(secrets),
  }),
  // sshd insists on its absolute path; -e: the log goes to stderr
  command: () => ['/usr/sbin/sshd', '-D', '-e', '-f', `${inside.home}/sshd_config`],
}

/** Without root it can only let in the user it runs as, which is all there is. */
function serverConfiguration(): string {
  return `
Port 22
HostKey ${inside.home}/ssh_host_key
PidFile none
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
AllowUsers ubuntu
MaxStartups 100
LogLevel ERROR
Subsystem sftp internal-sftp
${penalties()}
`
}

/** Behind a sidecar all clients have one address: the penalties of OpenSSH 9.8 and later would shut everybody out. */
function penalties(): string {
  const said = spawnSync('ssh', ['-V'], { encoding: 'utf8' }).stderr
  const [, major = 0, minor = 0] = /OpenSSH_(\d+)\.(\d+)/.exec(said)?.map(Number) ?? []
  return major > 9 || (major === 9 && minor >= 8) ? 'PerSourcePenalties no' : ''
}

/** One host key for all replicas: it is part of the "image". */
function knownHosts({ sshHostKey }: Secrets): string {
  return `* ${sshHostKey.publicKey}\n`
}

const clientConfiguration = `
StrictHostKeyChecking yes
BatchMode yes
ConnectTimeout 5
`

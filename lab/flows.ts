import type { RunResult } from './run.ts'

/** One thing a client of the lab does, and whether it got what it wanted. */
export type TrafficFlow = {
  readonly name: string
  readonly pod: string
  readonly argv: readonly string[]
  readonly isGood: (result: RunResult) => boolean
}

const ui = 'http://yelb-ui.yelb'
const curl = ['curl', '--silent', '--show-error', '--fail', '--max-time', '5']
const [lb1, lb2] = ['192.168.120.100', '192.168.120.101']
const resolve = ['dig', '+short', '+tries=1', '+time=2', 'yelb-db.yelb.svc.cluster.local']
const isAddress = ({ code, stdout }: RunResult) => code === 0 && /^10\.244\.77\.\d+$/m.test(stdout)
const succeeded = ({ code }: RunResult) => code === 0

/** One round of everyday life in the lab; each through a real client. */
export const everydayFlows: readonly TrafficFlow[] = [
  { name: 'page', pod: 'external', argv: [...curl, '--interface', lb1, `${ui}/`], isGood: succeeded },
  { name: 'page-v6', pod: 'external', argv: [...curl, 'http://yelb-ui-v6.yelb/'], isGood: succeeded },
  { name: 'votes', pod: 'external', argv: [...curl, '--interface', lb2, `${ui}/api/getvotes`], isGood: succeeded },
  {
    name: 'vote',
    pod: 'external',
    argv: [...curl, '--interface', lb1, '-X', 'POST', `${ui}/api/ihop`],
    isGood: succeeded,
  },
  { name: 'stats', pod: 'external', argv: [...curl, '--interface', lb2, `${ui}/api/getstats`], isGood: succeeded },
  { name: 'dns-udp', pod: 'ubuntu-1', argv: [...resolve, '+notcp'], isGood: isAddress },
  { name: 'dns-tcp', pod: 'ubuntu-2', argv: [...resolve, '+tcp'], isGood: isAddress },
  { name: 'ssh-1-2', pod: 'ubuntu-1', argv: ssh('ubuntu-2'), isGood: ({ stdout }) => stdout.trim() === 'ubuntu-2' },
  { name: 'ssh-2-1', pod: 'ubuntu-2', argv: ssh('ubuntu-1'), isGood: ({ stdout }) => stdout.trim() === 'ubuntu-1' },
]

function ssh(to: string): readonly string[] {
  return ['ssh', `${to}.ubuntu`, 'hostname']
}

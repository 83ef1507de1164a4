/** The sidecar's very command line, with its variables replaced as the kubelet does, judged by real Envoy. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { envoyBinary } from '../../test/support/envoy.ts'
import { anIdentity } from '../../test/support/identity.ts'
import { applyPatch } from '../testdata/apply-patch.ts'
import { caseNames, namespaceOf, podOf, settingsOf } from '../testdata/cases.ts'
import { inject } from './inject.ts'
import { containerNames } from './names.ts'
import type { Container } from './pod.ts'
import type { InjectionSettings } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-sidecar-'))
let ca: string
beforeAll(async () => {
  ca = (await anIdentity('control-plane.test')).ca
  mkdirSync(join(folder, 'var/run/postern'), { recursive: true })
  mkdirSync(join(folder, 'var/run/secrets/kubernetes.io/serviceaccount'), { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** third_party/forked/golang/expansion of Kubernetes: `$$` is a dollar, `$(NAME)` a variable where there is one. */
const expand = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (all, name?: string) =>
    name === undefined ? '$' : (variables[name] ?? all),
  )

type Env = readonly { readonly name: string; readonly value?: string }[]
const variable = (env: Env, name: string): string => env.find((one) => one.name === name)!.value!

function partsOf(name: string, settings: InjectionSettings): readonly Container[] {
  const pod = podOf(name)
  const injection = inject(pod, namespaceOf(pod), settings)
  if (injection.kind !== 'patch') return []
  const { containers, initContainers } = applyPatch(pod, injection.patch).spec
  return [...initContainers!, ...containers]
}

test.each(['10.1.2.3', 'fd00::a:b'])('Envoy takes what is injected into every golden pod (%s)', async (ip) => {
  const told = new Set<string>()
  for (const name of caseNames) {
    const parts = partsOf(name, { ...settingsOf(name), ca })
    const find = (wanted: string) => parts.find((one) => one.name === wanted)
    const [init, proxy] = [find(containerNames.init), find(containerNames.proxy)]
    if (init === undefined || proxy === undefined) continue
    writeFileSync(join(folder, 'var/run/postern/token.json'), variable(init.env as Env, 'POSTERN_TOKEN_SOURCE'))
    const variables = { POSTERN_POD_UID: '6f2c', POSTERN_POD_IP: ip }
    const args = (proxy.args as readonly string[]).map((arg) =>
      expand(arg, variables).replaceAll('"/var/run/', `"${folder}/var/run/`),
    )
    if (told.has(args.join())) continue
    told.add(args.join())
    const run = promisify(execFile)(envoyBinary(), ['--mode', 'validate', ...args])
    await expect(
      run.then(() => 'accepted'),
      name,
    ).resolves.toBe('accepted')
  }
  expect(told.size).toBeGreaterThan(5)
})

test('a path of the pod stays what it is: nothing in it is a variable', () => {
  const [proxy] = partsOf('probe-with-a-dollar', settingsOf('probe-with-a-dollar')).filter(
    ({ name }) => name === containerNames.proxy,
  )
  const [, text] = (proxy!.args as readonly string[]).map((arg) => expand(arg, { POSTERN_POD_IP: '10.1.2.3' }))
  expect(text).toContain('"prefix_rewrite":"/$(POSTERN_POD_IP)/$$/x"')
  expect(text).toContain('"address":"10.1.2.3"')
})

test('the init container leaves the file that Envoy reads, and hands its arguments on', async () => {
  const [init] = partsOf('all-annotations', settingsOf('all-annotations'))
  const script = join(folder, 'redirect.sh')
  writeFileSync(script, 'echo "$@"')
  const [shell, , text, name] = init!.command as readonly [string, string, string, string]
  const moved = text.replaceAll('/var/run/', `${folder}/var/run/`).replace('/postern/redirect.sh', script)
  const env = Object.fromEntries((init!.env as Env).map((one) => [one.name, one.value!]))
  const run = promisify(execFile)
  const { stdout } = await run(shell, ['-ec', moved, name, ...(init!.args as readonly string[])], { env })
  expect(stdout).toBe('--exclude-inbound 15020,9100 --exclude-outbound 3306,5432\n')
})

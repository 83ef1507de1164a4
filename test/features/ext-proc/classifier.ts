/** A classifier with the inspection of tests: in this process, or as one of its own that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Times } from '../../../classifier/http/limits.ts'
import { defaultTimes } from '../../../classifier/http/limits.ts'
import { type Address, type Service, startService } from '../../../classifier/http/service.ts'
import { anInspector, aPlan, type TestInspector } from '../../../classifier/http/testdata/inspector.ts'
import type { Plan } from '../../../classifier/inspection/model.ts'
import { aProfile } from '../../../classifier/inspection/testdata/builders.ts'

export const secret = 'between us'

export type Profiles = Readonly<Record<string, { readonly plan?: Partial<Plan>; readonly enforce: boolean }>>
type Settings = { readonly profiles: Profiles; readonly times?: Partial<Times> }

export const planOf = (profiles: Profiles, id: string): Plan => aPlan(profiles[id]!.plan)

export type Classifier = { readonly service: Service; readonly inspector: TestInspector }

export async function startClassifier(listen: string | Address, { profiles, times }: Settings): Promise<Classifier> {
  const inspector = anInspector(
    Object.fromEntries(
      Object.entries(profiles).map(([id, { enforce }]) => [
        id,
        { plan: planOf(profiles, id), profile: aProfile(id, { enforce }) },
      ]),
    ),
  )
  const service = await startService(typeof listen === 'string' ? { kind: 'unix', path: listen } : listen, {
    inspector,
    secret,
    times: { ...defaultTimes, ...times },
  })
  return { service, inspector }
}

/** SIGTERM is a planned stop. Says `up` when it listens. */
export async function serveUntilStopped(socket: string, settings: Settings): Promise<void> {
  const { service } = await startClassifier(socket, settings)
  process.once('SIGTERM', () => service.close(5_000).then(() => process.exit(0)))
  process.stdout.write('up\n')
}

export async function spawnClassifier(socket: string, settings: Settings): Promise<ChildProcess> {
  const call = `${serveUntilStopped.name}(${JSON.stringify(socket)}, ${JSON.stringify(settings)})`
  const script = `import(${JSON.stringify(import.meta.url)}).then((it) => it.${call})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the classifier did not start'))),
  ])
  return child
}

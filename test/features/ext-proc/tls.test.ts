/** The classifier over TLS: what leaves the machine is encrypted, and given to nobody but who the authority vouches for. */
import { afterEach, expect, test } from 'vitest'
import { anIdentity } from '../../support/identity.ts'
import { type Classifier, type Profiles, startClassifier } from './classifier.ts'
import { ask } from './client.ts'
import { openStand, type Stand } from './stand.ts'

const profiles: Profiles = { inline: { enforce: true } }
const serverName = 'classifier.test'
let classifier: Classifier
let stand: Stand

/** @param trusted the authority that Envoy is told of; default: the one that signed */
async function open(trusted?: string): Promise<void> {
  const { tls, ca } = await anIdentity(serverName)
  classifier = await startClassifier({ kind: 'tls', host: '127.0.0.1', port: 0, tls }, { profiles })
  const { port } = classifier.service
  stand = await openStand(profiles, {
    classifier: { kind: 'tls', host: '127.0.0.1', port, serverName, ca: trusted ?? ca },
  })
}
afterEach(async () => {
  await stand.close()
  await classifier.service.close(0)
})

test('requests are judged, bodies too', async () => {
  await open()
  expect((await ask(stand.port('inline'), { body: 'good' })).status).toBe(200)
  expect((await ask(stand.port('inline'), { body: 'EVIL' })).status).toBe(403)
})

test('one that another authority signed is not trusted with a request', async () => {
  await open((await anIdentity(serverName)).ca)
  const { status, id } = await ask(stand.port('inline'), { body: 'good' })
  expect([status, stand.app.reached(id)]).toEqual([500, undefined])
})

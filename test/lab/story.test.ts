/** The product's main job, end to end: what `postern lab story` prints, as a test a step. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../cli/client.ts'
import { type Lab, up } from '../../lab/lab.ts'
import { steps, tellStory } from '../../lab/story/story.ts'

const dir = mkdtempSync(join(tmpdir(), 'postern-story-'))
let lab: Lab

beforeAll(async () => {
  lab = await up({ dir })
}, 120_000)
afterAll(async () => {
  await lab?.down()
  rmSync(dir, { recursive: true, force: true })
})

test('the story comes true, step by step', async () => {
  const told = await tellStory(lab, createClient(lab.paths.socket, 'story-test'))
  expect(told.map((one) => (one.ok ? 'ok' : `${one.title}: ${one.problem}`))).toEqual(steps.map(() => 'ok'))
}, 400_000)

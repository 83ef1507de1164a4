import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aWorkload, aWorld, type WorldParts } from '../../test/support/builders.ts'
import type { Inventory, Parsed } from '../policy/model.ts'
import { maxInventoryBytes, readInventory, watchInventory } from './inventory.ts'

const anInventory = (parts: WorldParts = { workloads: [aWorkload('ui')] }): Inventory => aWorld(parts).inventory

describe('the file', () => {
  let dir = ''
  let path = ''
  let end = new AbortController()
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-inventory-'))
    path = join(dir, 'inventory.json')
    end = new AbortController()
  })
  afterEach(async () => {
    end.abort()
    await rm(dir, { recursive: true, force: true })
  })

  const write = async (text: string) => {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
  }

  test('a missing file, one that is no JSON and one that is too large are problems', async () => {
    const problem = (reading: Parsed<Inventory>) =>
      reading.ok ? 'none' : reading.problems.map((p) => p.message).join()
    expect(problem(await readInventory(path))).toContain('ENOENT')
    await write('{')
    expect(problem(await readInventory(path))).toContain('JSON')
    await write(' '.repeat(maxInventoryBytes + 1))
    expect(problem(await readInventory(path))).toContain('more than')
  })

  test('each change is read once, the same content is no change, a broken file is told and does not end the watch', async () => {
    const readings: Parsed<Inventory>[] = []
    let wake = () => {}
    const next = () =>
      new Promise<void>((resolve) => {
        wake = resolve
      })
    const onReading = (reading: Parsed<Inventory>) => {
      readings.push(reading)
      wake()
    }
    const later = anInventory({ workloads: [] })

    await write(JSON.stringify(anInventory()))
    await watchInventory(path, { signal: end.signal, onReading })
    let told = next()
    await write('{')
    await told
    told = next()
    await write(JSON.stringify(later, null, 2))
    await told
    told = next()
    await write(JSON.stringify(later))
    await write(JSON.stringify(anInventory()))
    await told

    expect(readings.map((reading) => (reading.ok ? reading.value.workloads.length : 'broken'))).toEqual([
      1,
      'broken',
      0,
      1,
    ])
  })
})

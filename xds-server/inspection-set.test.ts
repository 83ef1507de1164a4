import { expect, test } from 'vitest'
import { aDlpSensor } from '../test/support/builders.ts'
import { lingering, lingerMs, maxLingering } from './inspection-set.ts'
import { inspectionSetOf, profileOf, sensorsOf } from './policy/profiles.ts'
import type { DlpSensor, InspectionSet } from './policy/sensor.ts'

const setFor = (...dlpSensors: readonly DlpSensor[]): InspectionSet => {
  const sensors = sensorsOf({ wafSensors: [], dlpSensors })
  const profiles = dlpSensors.map(
    ({ name }) =>
      profileOf({ waf: [], dlp: [{ sensor: name, action: 'deny' }], onFailure: 'failClosed' }, true, sensors)!,
  )
  return inspectionSetOf(profiles, sensors)
}
const ids = ({ profiles }: InspectionSet) => profiles.map(({ id }) => id)

test('what is no longer in force can be asked by for a while, with the sensors of now', () => {
  let now = 0
  const add = lingering(() => now)
  const [before, after] = [setFor(aDlpSensor('cards')), setFor(aDlpSensor('cards', { mask: true }))]
  expect(add(before)).toEqual(before)
  const both = add(after)
  expect(ids(both)).toEqual([...new Set([...ids(before), ...ids(after)])].sort())
  expect(both.dlpSensors).toEqual(after.dlpSensors)
  now = lingerMs - 1
  expect(add(after)).toEqual(both)
  now = lingerMs
  expect(add(after)).toEqual(after)
})

test('a sensor that is gone is there as long as a profile names it', () => {
  let now = 0
  const add = lingering(() => now)
  const [before, none] = [setFor(aDlpSensor('cards')), setFor()]
  add(before)
  expect(add(none)).toEqual(before)
  now = lingerMs
  expect(add(none)).toEqual(none)
})

test('what comes back lingers anew when it goes again', () => {
  let now = 0
  const add = lingering(() => now)
  const [one, none] = [setFor(aDlpSensor('cards')), setFor()]
  add(one)
  add(none)
  now = lingerMs - 1
  add(one)
  now = lingerMs
  expect(add(none)).toEqual(one)
})

test('never without bound', () => {
  const add = lingering(() => 0)
  let last: InspectionSet | undefined
  for (let i = 0; i < maxLingering + 50; i++) last = add(setFor(aDlpSensor(`s${i}`)))
  expect(last?.profiles.length).toBeLessThanOrEqual(maxLingering + 2)
})

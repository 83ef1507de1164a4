/** Rules and requests for tests: each states only what matters. */
import { createEngine, type Engine, type EngineOptions } from '../engine/evaluate.ts'
import type { HttpRequest } from '../engine/model.ts'
import { baseRules } from '../base.ts'
import { loadRules } from '../seclang/load.ts'

export function anEngine(text: string, options: EngineOptions = {}): Engine {
  const loaded = loadRules([], { before: [baseRules, { file: 'test.conf', text }] })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return createEngine(loaded.value, options)
}

export const aRequest = (given: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  uri: '/',
  protocol: 'HTTP/1.1',
  headers: [['Host', 'shop']],
  body: '',
  ...given,
})

export const aForm = (body: string): HttpRequest =>
  aRequest({ method: 'POST', headers: [['Content-Type', 'application/x-www-form-urlencoded']], body })

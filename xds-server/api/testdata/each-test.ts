/** A control plane for each test, made before it and closed after it; nothing may have gone wrong behind its answers. */
import { afterEach, beforeEach, expect } from 'vitest'
import { ask, json, type RawRequest } from '../../../test/support/over-socket.ts'
import { type ControlPlane, controlPlane, type Said } from './harness.ts'

export type EachTest = {
  /** The present test's. */
  readonly plane: ControlPlane
  /** Another one in its place. */
  readonly restart: (said: Said) => Promise<void>
  /** `path` below /api/v1; a body that is JSON, read. */
  readonly call: (method: string, path: string, request?: RawRequest) => Promise<Answer>
}
type Answer = {
  readonly status: number
  readonly etag: string | string[] | undefined
  // biome-ignore lint/suspicious/noExplicitAny: tests compare whole answers, whatever they are
  readonly body: any
}

export function planeForEachTest(said: Said = {}): EachTest {
  let plane: ControlPlane
  beforeEach(async () => {
    plane = await controlPlane(said)
  })
  afterEach(async () => {
    await plane.close()
    expect(plane.errors).toEqual([])
  })
  return {
    get plane() {
      return plane
    },
    async restart(next) {
      await plane.close()
      plane = await controlPlane(next)
    },
    async call(method, path, request) {
      const { status, headers, body } = await ask(plane.socket, method, `/api/v1${path}`, request)
      return { status, etag: headers.etag, body: JSON.parse(body) }
    },
  }
}

/** A write, or a deletion where there is no body, based on this revision. */
export const at = (revision: number, body?: unknown): RawRequest =>
  body === undefined ? { headers: { 'if-match': `"${revision}"` } } : json(body, { 'if-match': `"${revision}"` })

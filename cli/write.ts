/**
 * Writing with a revision. A command that means the same whatever else changed (a new rule, a deletion) tries once more
 * when somebody saved in between; the others show what changed. With `--revision` the caller has looked: never retried.
 */
import { type Command, Option } from 'commander'
import { ApiProblem, type Client } from './client.ts'

export type Write<T> = {
  /** Reads the present ETag. */
  readonly read: () => Promise<string>
  readonly write: (ifMatch: string) => Promise<T>
  /** What `--revision` said. */
  readonly revision: string | undefined
  readonly retry: boolean
}

/** Adds `--revision`. */
export const withRevision = (command: Command): Command =>
  command.addOption(
    new Option('--revision <n>', 'refuse when this is no longer the revision (as `get` or `history` shows it)'),
  )

export async function write<T>({ read, write, revision, retry }: Write<T>): Promise<T> {
  if (revision !== undefined) return write(`"${revision}"`)
  try {
    return await write(await read())
  } catch (error) {
    if (!retry || !(error instanceof ApiProblem) || error.document.status !== 409) throw error
    return write(await read())
  }
}

/** The ETag of the rule list. */
export const rulesEtag = (client: Client) => async (): Promise<string> =>
  (await client.call('listRules', { query: { limit: 1 } })).etag

/** The ETag of what is stored about groups. */
export const groupsEtag = (client: Client) => async (): Promise<string> =>
  (await client.call('listGroups', { query: { limit: 1 } })).etag

/** The ETag of the settings. */
export const settingsEtag = (client: Client) => async (): Promise<string> =>
  (await client.call('readSettings', {})).etag

/** The ETag of the whole policy. */
export const policyEtag = (client: Client) => async (): Promise<string> => (await client.call('exportPolicy', {})).etag

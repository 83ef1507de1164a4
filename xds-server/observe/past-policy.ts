/**
 * What of the policy held when a connection began: what a sidecar logs of it is by the tables of its start, however long
 * it lives and however late the record comes. Read from the store's revisions, so a restart of ours forgets nothing;
 * who belongs to which group and the labels of namespaces are taken as they are now.
 */
import { type Directory, directory as directoryOf } from '../policy/directory.ts'
import type { Endpoint, Inventory, Mode } from '../policy/model.ts'
import type { Store } from '../store/model.ts'

/** What decides about a flow and its mode. */
type Deciding = 'settings' | 'groups' | 'rules'
/** Revisions looked back at. Past it what began earlier is judged by the oldest of them. */
const maxLookedBack: Readonly<Record<Deciding, number>> = { settings: 1_000, groups: 1_000, rules: 1 }
/** Pairs of old settings and groups kept ready, a few KB each; then all are forgotten. */
const maxReady = 16

/** `at` in epoch milliseconds. */
type Moment = { readonly revision: number; readonly at: number }

export type PastPolicyOptions = { readonly store: Store; readonly directory: () => Directory }

export class PastPolicy {
  readonly #options: PastPolicyOptions
  /** Newest first. */
  readonly #moments = new Map<Deciding, readonly Moment[]>()
  readonly #ready = new Map<string, Directory>()
  #namespaces: Inventory['namespaces'] = []

  constructor(options: PastPolicyOptions) {
    this.#options = options
  }

  /** The mode that counted between two ends at a time (epoch milliseconds); undefined: by the policy of now. */
  mode(time: number, source: Endpoint, destination: Endpoint): Mode | undefined {
    const [settings, groups] = [this.#momentOf('settings', time), this.#momentOf('groups', time)]
    if (this.#isPresent('settings', settings) && this.#isPresent('groups', groups)) return undefined
    return this.#directoryOf(settings, groups).effectiveMode(source, destination).mode
  }

  /** Whether anything that decides was changed after this time (epoch milliseconds). */
  changedSince(time: number): boolean {
    return (['rules', 'groups', 'settings'] as const).some((document) => this.#momentsOf(document)[0]!.at > time)
  }

  #momentsOf(document: Deciding): readonly Moment[] {
    const { store } = this.#options
    const known = this.#moments.get(document)
    if (known !== undefined && known[0]!.revision === store.read(document).revision) return known
    const history = store.history(document, maxLookedBack[document])
    const moments = history.map(({ revision, at }) => ({ revision, at: Date.parse(at) }))
    this.#moments.set(document, moments)
    return moments
  }

  #momentOf(document: Deciding, time: number): Moment {
    const moments = this.#momentsOf(document)
    return moments.find(({ at }) => at <= time) ?? moments.at(-1)!
  }

  #isPresent(document: Deciding, { revision }: Moment): boolean {
    return revision === this.#momentsOf(document)[0]!.revision
  }

  /** Of nobody, with the modes that were: enough to ask about ends that are known. */
  #directoryOf(settings: Moment, groups: Moment): Directory {
    const { store, directory } = this.#options
    const { namespaces } = directory().world.inventory
    if (namespaces !== this.#namespaces || this.#ready.size >= maxReady) this.#ready.clear()
    this.#namespaces = namespaces
    const key = `${settings.revision} ${groups.revision}`
    const known = this.#ready.get(key)
    if (known !== undefined) return known
    const learned = store.at('groups', groups.revision)!.filter(({ kind }) => kind === 'learned')
    const policy = { ...nothingElse, settings: store.at('settings', settings.revision)!, groups: learned }
    const made = directoryOf({ inventory: { ...nobody, namespaces }, policy })
    this.#ready.set(key, made)
    return made
  }
}

const nothingElse = { rules: [], ignored: [], wafSensors: [], dlpSensors: [], inspections: [] } as const
const nobody = { workloads: [], nodes: [], podCidrs: [], dnsServers: [], resolved: {} } as const

/**
 * The four functions of the Reflect metadata proposal that @peculiar/x509's dependency injection calls. It wants a
 * polyfill to be there before it loads, and these twenty lines are the part it uses.
 */
type Key = object
type Store = Map<unknown, unknown>

const metadata = new WeakMap<Key, Map<unknown, Store>>()

const storeOf = (target: Key, property: unknown): Store | undefined => metadata.get(target)?.get(property)

function defineMetadata(key: unknown, value: unknown, target: Key, property?: unknown): void {
  const properties = metadata.get(target) ?? new Map<unknown, Store>()
  metadata.set(target, properties)
  const store = properties.get(property) ?? new Map()
  properties.set(property, store)
  store.set(key, value)
}

const getOwnMetadata = (key: unknown, target: Key, property?: unknown): unknown => storeOf(target, property)?.get(key)

function getMetadata(key: unknown, target: Key, property?: unknown): unknown {
  for (let owner: Key | null = target; owner; owner = Object.getPrototypeOf(owner)) {
    const store = storeOf(owner, property)
    if (store?.has(key)) return store.get(key)
  }
  return undefined
}

const decorator = (key: unknown, value: unknown) => (target: Key, property?: unknown) =>
  defineMetadata(key, value, target, property)

// another polyfill that is already there stays
if (!('getMetadata' in Reflect))
  Object.assign(Reflect, { defineMetadata, getMetadata, getOwnMetadata, metadata: decorator })

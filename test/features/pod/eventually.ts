/** How long anything may take to happen, in milliseconds; only a broken test waits so long. */
const patience = 10_000
const pause = 10

/** What `look` finds, as soon as it finds something. Rejects with `what` was waited for. */
export async function eventually<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const end = performance.now() + patience
  for (;;) {
    const found = await look()
    if (found) return found as NonNullable<T>
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

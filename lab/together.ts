/** As `Promise.all`, but it rejects only when every one has settled: nothing goes on behind the caller's clean-up. */
export async function all<T>(tasks: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(tasks)
  return Promise.all(tasks)
}

/**
 * Runs what `begin` starts side by side. The first failure (or `outer`) tells the others to stop through the signal
 * they were given, and it rejects only when all of them have: afterwards nothing is still being made.
 */
export async function allOrNone(
  outer: AbortSignal | undefined,
  begin: (signal: AbortSignal) => Promise<readonly Promise<void>[]>,
): Promise<void> {
  const stop = new AbortController()
  const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal])
  const tasks = await begin(signal)
  let first: { readonly error: unknown } | undefined
  const settled = tasks.map((task) =>
    task.catch((error: unknown) => {
      first ??= { error }
      stop.abort(error)
    }),
  )
  await Promise.all(settled)
  if (first !== undefined) throw first.error
}

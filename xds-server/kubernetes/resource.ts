/** One kind of object that is followed: where it is, how it is asked for, and the few of its fields that are kept. */
import { z } from 'zod'
import type { Parsed } from '../policy/model.ts'

export type Resource<T> = {
  /** As in RBAC: `pods`. */
  readonly name: string
  /** `/api/v1/pods` */
  readonly path: string
  /** By labels; without it all are followed. */
  readonly selector?: string
  /** Only its metadata comes over the network. */
  readonly metadataOnly?: true
  readonly read: (object: unknown) => Parsed<T>
}

/** A schema names the fields that are read; zod drops all the others. */
export const reader =
  <S extends z.ZodType, T>(schema: S, project: (object: z.infer<S>) => T) =>
  (object: unknown): Parsed<T> => {
    const read = schema.safeParse(object)
    if (read.success) return { ok: true, value: project(read.data) }
    return { ok: false, problems: read.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) }
  }

export const labels = z.record(z.string(), z.string()).default({})

/** What says who made an object. */
export const ownerReferences = z
  .array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().default(false) }))
  .default([])

export type Controller = { readonly kind: string; readonly name: string }

/** At most one owner is the controller: the API server sees to it. */
export function controllerOf(owners: z.infer<typeof ownerReferences>): Controller | undefined {
  const found = owners.find(({ controller }) => controller)
  return found && { kind: found.kind, name: found.name }
}

/** What every object has, and the API server is believed in: who it is and which version of it. */
export const identity = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().default(''), resourceVersion: z.string() }),
})

export const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`

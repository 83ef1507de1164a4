/** Every name in a pod that is ours. */
export const prefix = 'postern.dev/'

/** Label of a pod (`disabled`: left alone) and of a namespace (`enabled`: its pods are injected). */
export const injectLabel = `${prefix}inject`

/** Annotations that we write. */
export const written = {
  /** Hash of the template that the pod was injected with: another one, and its sidecar is outdated. */
  injected: `${prefix}injected`,
  /** What the probes were before they were rewritten, as JSON: `<container>/<kind>` → handler. */
  probes: `${prefix}probes`,
} as const

export const containerNames = { init: 'postern-init', proxy: 'postern-proxy' } as const
export const volumeNames = { token: 'postern-token', run: 'postern-run' } as const

/** Envoy's user: the redirect lets its traffic pass. */
export const proxyUid = 14747

export const isOurs = ({ name }: { readonly name: string }): boolean =>
  Object.values<string>(containerNames).includes(name)

/** Path of an annotation in a problem. */
export const annotationPath = (name: string): string => `metadata.annotations["${name}"]`

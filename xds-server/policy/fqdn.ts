/** Host names in address groups and in `http` parts of rules: their one spelling, and wildcards. */

/** DNS limit in characters (RFC 1035 section 2.3.4). */
const maxNameLength = 253

/** Lower case, without port and without the trailing dot. Keeps the brackets of an IPv6 literal. */
export function normaliseHost(host: string): string {
  const bare = host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.replace(/:[0-9]*$/, '')
  return bare.toLowerCase().replace(/\.$/, '')
}

/** Is this a name, or `*.` and a name? Lower case; a name that could be read as an IPv4 address is none. */
export function isHostPattern(text: string): boolean {
  const name = text.startsWith('*.') ? text.slice(2) : text
  const labels = name.split('.')
  if (name.length > maxNameLength || /^[0-9]+$/.test(labels.at(-1)!)) return false
  return labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
}

/** Does a normalised host fit? `*.example.com` stands for one label or more before `example.com`, never none. */
export function matchesHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host
  return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
}

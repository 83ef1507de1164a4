/**
 * The rule pack that comes with Postern: what judges requests where no Core Rule Set was configured.
 * Promises: written for Postern, anomaly scoring and names of TX as in CRS, ids from 9,100,000 on, no false positive at
 * paranoia level 1 on the benign requests of `testdata/`. Never: rules of anyone else.
 */
import { join } from 'node:path'

/** One file for each family, in the order in which they are read; verdicts come after what they judge. */
export const packFamilies = [
  'setup', //             scores and thresholds: everything below adds to them
  'protocol',
  'scanners',
  'probing',
  'jndi',
  'spring',
  'deserialisation',
  'ognl',
  'sqli',
  'xss',
  'traversal',
  'inclusion',
  'commands',
  'code',
  'templates',
  'nosql',
  'ldap',
  'splitting',
  'xxe',
  'prototype',
  'session',
  'raw-body',
  'request-verdict',
  'leaks',
  'response-verdict',
] as const

export type PackFamily = (typeof packFamilies)[number]

/** The `.conf` file of a family; word lists stand beside it. */
export const packFile = (family: PackFamily): string => join(import.meta.dirname, 'rules', `${family}.conf`)

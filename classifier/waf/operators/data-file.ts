/** The data files of rules. Read once, when the rule is loaded. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { maxDataFileBytes } from '../limits.ts'
import type { OperatorContext, OperatorProblem } from './operator.ts'

/** Lines that are neither empty nor begin with `#`; paths are relative to the rule's file. */
export function linesOf(
  paths: string,
  context: OperatorContext,
): { readonly lines: readonly string[] } | OperatorProblem {
  const files = paths.split(/\s+/).filter((path) => path !== '')
  if (files.length === 0) return { message: 'it needs a file' }
  const lines: string[] = []
  for (const path of files) {
    const text = textOf(path, context)
    if ('message' in text) return text
    lines.push(...text.text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#')))
  }
  return { lines }
}

export function textOf(path: string, { file }: OperatorContext): { readonly text: string } | OperatorProblem {
  if (/^https?:/i.test(path)) return { message: 'a list is not fetched from the network' }
  try {
    const whole = resolve(dirname(file), path)
    if (statSync(whole).size > maxDataFileBytes) return { message: `${path} has more than ${maxDataFileBytes} bytes` }
    return { text: readFileSync(whole, 'latin1') }
  } catch (error) {
    return { message: `${path} can not be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})` }
  }
}

/** `@ipMatch` and `@ipMatchFromFile`: the address is one of, or in one of, those listed. */
import { BlockList, isIP } from 'node:net'
import { linesOf } from './data-file.ts'
import type { Operator, OperatorFactory, OperatorProblem } from './operator.ts'

export const ipMatch: OperatorFactory = (argument) => operatorOf(argument.split(','))

export const ipMatchFromFile: OperatorFactory = (argument, context) => {
  const lines = linesOf(argument, context)
  return 'message' in lines ? lines : operatorOf(lines.lines)
}

function operatorOf(entries: readonly string[]): Operator | OperatorProblem {
  const list = new BlockList()
  for (const entry of entries.map((text) => text.trim()).filter((text) => text !== '')) {
    const [, address, length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
    const family = familyOf(address ?? '')
    const most = family === 'ipv4' ? 32 : 128
    if (!family || Number(length ?? 0) > most) return { message: `${entry} is neither an address nor a prefix` }
    list.addSubnet(address!, Number(length ?? most), family)
  }
  return (value) => {
    const family = familyOf(value)
    return family && list.check(value, family) ? { matched: value } : undefined
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined
}

/** `@ipMatch` and `@ipMatchFromFile`: the address is one of, or in one of, those listed. */
import { BlockList, isIP, SocketAddress } from 'node:net'
import { linesOf } from './data-file.ts'
import type { Operator, OperatorFactory, OperatorProblem } from './operator.ts'

export const ipMatch: OperatorFactory = (argument) => operatorOf(argument.split(','))

export const ipMatchFromFile: OperatorFactory = (argument, context) => {
  const lines = linesOf(argument, context)
  return 'message' in lines ? lines : operatorOf(lines.lines)
}

function operatorOf(entries: readonly string[]): Operator | OperatorProblem {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const entry of entries.map((text) => text.trim()).filter((text) => text !== '')) {
    const [, text = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
    const address = addressOf(text)
    const bits = length === undefined ? address?.bits : Number(length) - (address?.ignored ?? 0)
    if (!address || bits! < 0 || bits! > address.bits) return { message: `${entry} is neither an address nor a prefix` }
    lists[address.family].addSubnet(address.text, bits!, address.family)
  }
  return (value) => {
    const address = addressOf(value)
    return address && lists[address.family].check(address.text, address.family) ? { matched: value } : undefined
  }
}

/** `ignored`: bits of the written form's prefix length that are not in the address. */
type Address = {
  readonly text: string
  readonly family: 'ipv4' | 'ipv6'
  readonly bits: number
  readonly ignored: number
}

/** An IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address. */
function addressOf(text: string): Address | undefined {
  const version = isIP(text)
  if (version === 4) return { text, family: 'ipv4', bits: 32, ignored: 0 }
  if (version !== 6) return undefined
  const mapped = /^::ffff:([\d.]+)$/.exec(new SocketAddress({ address: text, family: 'ipv6' }).address)
  if (mapped) return { text: mapped[1]!, family: 'ipv4', bits: 32, ignored: 96 }
  return { text, family: 'ipv6', bits: 128, ignored: 0 }
}

/** Where a rule goes, as options. */
import { type Command, Option } from 'commander'
import type { Position } from '../xds-server/policy/edit.ts'

export type Placed = { readonly top?: boolean; readonly below?: string; readonly above?: string }

/** Adds `--top`, `--below` and `--above`. */
export function withPlace(command: Command): Command {
  return command
    .addOption(new Option('--top', 'as the first rule').conflicts(['below', 'above']))
    .addOption(new Option('--below <id>', 'under this rule').conflicts(['above']))
    .option('--above <id>', 'over this rule')
}

/** Ends the command where no place is said. */
export function placeOf({ top, below, above }: Placed, command: Command): Position {
  if (top) return 'top'
  if (below !== undefined) return { below }
  if (above !== undefined) return { above }
  return command.error('error: say where: --top, --below <id> or --above <id>')
}

/** `postern sensors apply|import-neuvector`: sensors and bindings from files, wholly or not at all. */
import type { Command } from 'commander'
import { changesText } from '../changes.ts'
import { ApiProblem } from '../client.ts'
import { InputError } from '../errors.ts'
import type { Context, Io } from '../io.ts'
import { placed } from '../neuvector/places.ts'
import { readNeuVector } from '../neuvector/policy.ts'
import { clean } from '../output.ts'
import { readPolicy, readText } from '../policy-file.ts'
import { InputProblems } from '../problems.ts'
import { type Present, type SensorParts, saveSensorParts, sensorParts } from '../sensor-parts.ts'
import { withRevision } from '../write.ts'

type Saving = { readonly revision?: string; readonly dryRun?: boolean }

const applyHelp = `
The file has what \`postern sensors show\` and \`postern export\` print:
  wafSensors:
    - name: checkout
      crs: {paranoia: 2}
      rules:
        - {name: coupons, patterns: [{regex: "coupon=[^&]{64}", contexts: [url]}]}
  inspections:
    - {group: nv.checkout.shop, waf: [{sensor: checkout, action: deny}]}`

export function addSensorFiles(sensors: Command, context: Context): void {
  const { io, client } = context
  withSaving(sensors.command('apply'))
    .summary('sensors and bindings of a YAML file, beside those that are there')
    .description('What the file names is made or replaced; everything else stays. With any problem nothing is changed.')
    .argument('<file>', 'wafSensors, dlpSensors, inspections; - is standard input')
    .addHelpText('after', applyHelp)
    .action(async (file: string, saving: Saving) => {
      const parts = await partsOf(io, file)
      report(io, await saveSensorParts(client(), () => parts, saving))
    })
  withSaving(sensors.command('import-neuvector'))
    .summary('NvWafSecurityRule, NvDlpSecurityRule, and the sensors of groups in Nv(Cluster)SecurityRule')
    .description('Custom resources of NeuVector become sensors and bindings. With any problem nothing is changed.')
    .argument('<file>', 'YAML as kubectl or NeuVector exports it; - is standard input')
    .action((file: string, saving: Saving) => importNeuVector(context, file, saving))
}

const withSaving = (command: Command): Command =>
  withRevision(command).option('--dry-run', 'only say what would change')

async function partsOf(io: Io, file: string): Promise<SensorParts> {
  const policy = await readPolicy(io, file)
  const odd = Object.keys(policy).find((part) => !sensorParts.some((known) => known === part))
  if (odd !== undefined) {
    throw new InputError(
      `${file}: ${odd} does not belong here (${sensorParts.join(', ')}); postern import takes policies`,
    )
  }
  const wrong = Object.entries(policy).filter(([, part]) => !Array.isArray(part))
  if (wrong.length > 0) throw new InputProblems(wrong.map(([path]) => ({ path, message: 'must be a list' })))
  return policy as SensorParts
}

async function importNeuVector({ io, client }: Context, file: string, saving: Saving): Promise<void> {
  const read = readNeuVector(await readText(io, file))
  if (!read.ok) throw new InputProblems(read.problems)
  const { notes, places, inspections, ...sensors } = read.value
  for (const note of notes) io.err(`note: ${clean(note)}\n`)
  const parts = (present: Present): SensorParts => ({
    ...sensors,
    inspections: inspections.map((bindings) => {
      return { ...present.inspections.find(({ group }) => group === bindings.group), ...bindings }
    }),
  })
  try {
    report(io, await saveSensorParts(client(), parts, saving))
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error
    const problems = error.document.problems.map((problem) => placed(problem, places))
    throw new ApiProblem({ ...error.document, problems })
  }
}

type Saved = Awaited<ReturnType<typeof saveSensorParts>>
const report = (io: Io, { saved, changes }: Saved): void =>
  io.out(`${saved ? 'Changed' : 'Would change'}:\n${changesText(io, changes)}`)

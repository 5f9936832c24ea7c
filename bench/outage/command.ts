import { Command, InvalidArgumentError } from 'commander'
import { claimText, judgedBy, type Judged } from '../claim.ts'
import { query } from '../soak/command.ts'
import { missingForLab, skippedText, surroundings, withLab } from '../lab-for-bench.ts'
import { outage, type OutageRun, type WhenFull } from './outage.ts'
import { outageClaims, outageText } from './outage-report.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'

interface Options {
  readonly lab: string
  readonly minutes: number
  readonly bytes: number
  readonly maxPending: number
  readonly maxPendingBytes: number
  readonly clientOptions: Readonly<Record<string, string>>
  readonly json?: true
}

const POLICIES: readonly WhenFull[] = ['wait', 'reject']

/** Every broker down for minutes under senders that never rest, once for each policy of a full buffer. */
export function outageCommand(interrupted: AbortSignal, onOutcome: (outcome: Judged) => void): Command {
  return new Command('outage')
    .description('take every broker of a lab down under fast senders, and watch memory, sends and deliveries')
    .requiredOption('--lab <name>', 'which lab')
    .option('--minutes <n>', 'how long the brokers are down', minutes, 10)
    .option('--bytes <n>', 'size of a body', wholeNumber(1, 1_000_000), 1024)
    .option('--max-pending <n>', "the client's maxPending", wholeNumber(1, 1_000_000), 10_000)
    .option('--max-pending-bytes <n>', "the client's maxPendingBytes", wholeNumber(1, 999_999_999), 64 * 1024 * 1024)
    .option('--client-options <query>', "our client's other failover options: name=value&name=value", query, {})
    .option('--json', 'print the result as one JSON document')
    .action(async (options: Options) => onOutcome(await bench(options, interrupted)))
}

async function bench(options: Options, signal: AbortSignal): Promise<Judged> {
  const missing = missingForLab(options.lab)
  if (missing !== undefined) {
    process.stdout.write(skippedText('outage', options, missing))
    return 'not judged'
  }
  const { minutes, bytes: bodyBytes, maxPending, maxPendingBytes, clientOptions } = options
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  const runs: OutageRun[] = []
  let where: Readonly<Record<string, unknown>> = {}
  for (const whenFull of POLICIES) {
    // A lab of its own for each: the first one's messages are no business of the second.
    const run = await withLab(options.lab, signal, note, async (lab) => {
      where = surroundings(lab)
      const downMs = minutes * 60_000
      return await outage({
        lab,
        downMs,
        whenFull,
        bodyBytes,
        maxPending,
        maxPendingBytes,
        clientOptions,
        signal,
        note,
      })
    })
    runs.push(run)
  }
  const judged = runs.map((run) => Object.assign(run, { claims: outageClaims(run) }))
  const outcome = judgedBy(judged.flatMap(({ claims }) => claims))
  if (options.json) {
    const { json: _, ...asked } = options
    process.stdout.write(
      `${JSON.stringify({ schema: 1, bench: 'outage', outcome, ...where, asked, runs: judged }, null, 2)}\n`,
    )
  } else {
    for (const run of judged) {
      process.stdout.write(`${outageText(run)}\n`)
      for (const claim of run.claims) process.stdout.write(`  ${claimText(claim)}\n`)
    }
  }
  return outcome
}

function minutes(text: string): number {
  const value = Number(text)
  if (/^\d{1,4}(\.\d{1,3})?$/.test(text) && value >= 0.1) return value
  throw new InvalidArgumentError('It must be a number from 0.1 to 9999.')
}

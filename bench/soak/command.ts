import { Command, InvalidArgumentError } from 'commander'
import { type FailoverOptions, readFailoverOptions } from '../../src/failover/options.ts'
import { messageOf } from '../../src/errors.ts'
import { claimText, judgedBy, type Judged } from '../claim.ts'
import { confirmsAcknowledges, missingForLab, skippedText, surroundings, withLab } from '../lab-for-bench.ts'
import { soak } from './soak.ts'
import { soakText, summarize } from './soak-report.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'

interface Options {
  readonly lab: string
  readonly failovers: number
  readonly rate: number
  readonly bytes: number
  readonly clientOptions: Readonly<Record<string, string>>
  readonly json?: true
}

/** Memory is looked at every so many failovers, or oftener in a short run. */
const SAMPLE_EVERY = 10
const FEWEST_SAMPLES = 8
/** Beside the client's own stability window: what a kill finds shall count as stable. */
const SETTLE_MS = 250

/** One connection through many failovers: what is lost, what comes twice, what piles up. */
export function soakCommand(interrupted: AbortSignal, onOutcome: (outcome: Judged) => void): Command {
  return new Command('soak')
    .description('kill the active broker of a lab again and again under one connection, and account for every job')
    .requiredOption('--lab <name>', 'which lab')
    .requiredOption('--failovers <n>', 'how many kills', wholeNumber(1, 10_000))
    .option('--rate <n>', 'jobs sent a second', wholeNumber(1, 10_000), 200)
    .option('--bytes <n>', 'size of a body', wholeNumber(1, 1_000_000), 100)
    .option('--client-options <query>', "our client's failover options: name=value&name=value", query, {})
    .option('--json', 'print the result as one JSON document')
    .action(async (options: Options) => onOutcome(await bench(options, interrupted)))
}

async function bench(options: Options, signal: AbortSignal): Promise<Judged> {
  const missing = missingForLab(options.lab)
  if (missing !== undefined) {
    process.stdout.write(skippedText('soak', options, missing))
    return 'not judged'
  }
  const { failovers, rate, bytes: bodyBytes, clientOptions } = options
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  const sampleEvery = Math.min(SAMPLE_EVERY, Math.max(1, Math.floor(failovers / FEWEST_SAMPLES)))
  return await withLab(options.lab, signal, note, async (lab) => {
    const run = await soak({
      lab,
      failovers,
      rate,
      bodyBytes,
      clientOptions,
      settleMs: failoverOptions(clientOptions).stabilityWindowMs + SETTLE_MS,
      sampleEvery,
      signal,
      onFailover: ({ failover, node, confirmedMs, deliveredMs }) => {
        const first = `first confirm after ${confirmedMs.toFixed(0)} ms, delivery after ${deliveredMs.toFixed(0)} ms`
        note(`failover ${failover} of ${failovers}: ${node} killed; ${first}`)
      },
    })
    const confirmedAcks = confirmsAcknowledges(lab)
    const summary = summarize(run, failovers, confirmedAcks)
    const outcome = judgedBy(summary.claims)
    if (options.json) {
      const { json: _, ...asked } = options
      const result = {
        schema: 1,
        bench: 'soak',
        outcome,
        ...surroundings(lab),
        asked,
        confirmedAcks,
        ...summary,
        ...run,
      }
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    } else {
      process.stdout.write(`${soakText(run, summary, confirmedAcks)}\n\n`)
      for (const claim of summary.claims) process.stdout.write(`${claimText(claim)}\n`)
    }
    return outcome
  })
}

/** Failover options, checked before any broker is started. */
export function query(text: string): Readonly<Record<string, string>> {
  const given = Object.fromEntries(new URLSearchParams(text))
  try {
    failoverOptions(given)
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error))
  }
  return given
}

/** @throws UnderstudyError `invalid-option`, naming the option. What is nested is the endpoints' to check. */
function failoverOptions(given: Readonly<Record<string, string>>): FailoverOptions {
  return readFailoverOptions(new Map(Object.entries(given).filter(([name]) => !name.startsWith('nested.'))))
}

import { Command, CommanderError } from 'commander'
import { messageOf, UnderstudyError } from '../src/errors.ts'
import { dashboardCommand } from './dashboard/command.ts'
import { findingsCommand } from './findings/command.ts'
import { footprintCommands } from './footprint/command.ts'
import { jobsCommand } from './jobs/command.ts'
import { outageCommand } from './outage/command.ts'
import { failureStoreCommand } from './jobs/failure-store-command.ts'
import { workerKillsCommand } from './jobs/worker-kills-command.ts'
import { reconnectCommand } from './reconnect/command.ts'
import { reportCommand } from './report/command.ts'
import { soakCommand } from './soak/command.ts'
import { throughputCommands } from './throughput/command.ts'
import type { Judged } from './claim.ts'

/** The same meanings as the package's own command has. */
const EXIT_CODES: Readonly<Record<Judged, number>> = { held: 0, violated: 1, 'not judged': 2 }
const BAD_ARGUMENTS = 64
const BROKEN = 70
const INTERRUPTED = 130

let outcome: Judged = 'not judged'
const interrupt = new AbortController()
// The first signal takes everything down in order; brokers and peers are in process groups of their own.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())

const program = new Command('bench')
  .description('side-by-side measurements on the machine at hand')
  .exitOverride()
  .configureOutput({ writeErr: () => {} })
  .addCommand(reconnectCommand(interrupt.signal, (judged) => (outcome = judged)))
  .addCommand(jobsCommand(interrupt.signal, (judged) => (outcome = judged)))
  .addCommand(soakCommand(interrupt.signal, (judged) => (outcome = judged)))
  .addCommand(outageCommand(interrupt.signal, (judged) => (outcome = judged)))
  .addCommand(dashboardCommand(interrupt.signal, (judged) => (outcome = judged)))
  .addCommand(failureStoreCommand(interrupt.signal, (judged) => (outcome = judged)))
  .addCommand(workerKillsCommand(interrupt.signal, (judged) => (outcome = judged)))
  .addCommand(reportCommand((judged) => (outcome = judged)))
  .addCommand(findingsCommand((judged) => (outcome = judged)))
for (const command of throughputCommands(interrupt.signal, (judged) => (outcome = judged))) program.addCommand(command)
for (const command of footprintCommands(interrupt.signal, (judged) => (outcome = judged))) program.addCommand(command)
for (const sub of program.commands) sub.exitOverride().configureOutput({ writeErr: () => {} })

process.exitCode = await run(process.argv.slice(2))

async function run(args: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' })
    return EXIT_CODES[outcome]
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const interrupted = interrupt.signal.aborted
    const text = interrupted ? 'interrupted; everything was taken down' : messageOf(error).replace(/^error: /, '')
    process.stderr.write(`bench: ${text}\n`)
    if (interrupted) return INTERRUPTED
    const misused =
      error instanceof CommanderError || (error instanceof UnderstudyError && error.code === 'invalid-option')
    return misused ? BAD_ARGUMENTS : BROKEN
  }
}

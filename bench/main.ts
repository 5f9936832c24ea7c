import { Command, CommanderError } from 'commander'
import { messageOf } from '../src/errors.ts'
import { type Outcome, reconnectCommand } from './reconnect/command.ts'

/** The same meanings as the package's own command has. */
const EXIT_CODES: Readonly<Record<Outcome, number>> = { held: 0, violated: 1, 'not judged': 2 }
const BAD_ARGUMENTS = 64
const BROKEN = 70
const INTERRUPTED = 130

const interrupt = new AbortController()
// The first signal takes everything down in order; brokers and peers are in process groups of their own.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())

const program = new Command('bench')
  .description('side-by-side measurements on the machine at hand')
  .exitOverride()
  .configureOutput({ writeErr: () => {} })
  .addCommand(reconnectCommand(interrupt.signal, (outcome) => (process.exitCode = EXIT_CODES[outcome])))
for (const sub of program.commands) sub.exitOverride().configureOutput({ writeErr: () => {} })

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : BAD_ARGUMENTS
    if (error.exitCode !== 0) process.stderr.write(`bench: ${error.message.replace(/^error: /, '')}\n`)
  } else {
    process.exitCode = interrupt.signal.aborted ? INTERRUPTED : BROKEN
    process.stderr.write(
      `bench: ${interrupt.signal.aborted ? 'interrupted; everything was taken down' : messageOf(error)}\n`,
    )
  }
}

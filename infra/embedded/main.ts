/**
 * One broker of the embedded pair, as a process of its own. It needs nothing installed but Node.
 *
 *     node main.ts --name a --dir DIR --port PORT [--host 127.0.0.1] [--lock-poll-ms 250]
 *                  [--login USER --passcode-env NAME]
 *
 * Two such processes with the same DIR (made if missing) and different ports are a pair. The one that holds the
 * lock opens its port and speaks STOMP 1.1 and 1.2; the other refuses connections until it gets the lock, which
 * it asks for every `--lock-poll-ms` (10 to 60000, defaults to 250). `--port 0` takes any free port. With
 * `--login` a client must give that login and the passcode that stands in the environment variable NAME.
 *
 * DIR holds
 * - `lock.db`: the lock (lock.ts). Only the operating system knows who holds it, and it alone decides. Do not
 *   open this file in the broker's process, and do not delete it while a broker runs: the holder ends itself.
 * - `messages.db`, `messages.db-wal`: the persistent messages (store.ts says what survives what).
 * - `holder.json`: `{"name","pid","port","at"}` of who took the lock last, for whoever looks on (holder.ts). It
 *   is removed by an orderly stop and stays after a kill, so look whether the pid lives before believing it.
 *
 * On stdout, one JSON object a line (log.ts), each with `at` (wall time in ms), `name` and `event`:
 * `starting` {pid, dir, port} · `standby` {lockPollMs} · `lock-acquired` · `serving` {port, epoch, messages}: the
 * port is open · `client-error` {client, message} · `stopping` {reason} · `lock-released` {reason} · `stopped` ·
 * `error` {message}.
 *
 * SIGTERM and SIGINT stop it in order within a second or so: exit code 0. Exit code 1 follows an `error` line: the lock
 * was lost, the store or the port cannot be used. Exit code 64: bad arguments, told on stderr. The end of the
 * process that started it, or of whoever reads its stdout, does not end it.
 */
import { mkdirSync } from 'node:fs'
import { systemClock } from '../../src/clock.ts'
import { messageOf } from '../../src/errors.ts'
import { type BrokerArguments, parseBrokerArguments, USAGE } from './arguments.ts'
import { EmbeddedBroker } from './broker.ts'
import { jsonLog } from './log.ts'

const BAD_ARGUMENTS = 64
const FAILED = 1

async function run(options: BrokerArguments): Promise<void> {
  // Whoever read the log may be gone; that is no reason to end.
  process.stdout.on('error', () => {})
  const log = jsonLog(options.name, systemClock, (line) => process.stdout.write(line))
  try {
    mkdirSync(options.dir, { recursive: true })
  } catch (error) {
    log({ event: 'error', message: messageOf(error) })
    process.exitCode = FAILED
    return
  }
  const broker = new EmbeddedBroker({ ...options, clock: systemClock, log })
  process.on('SIGTERM', () => broker.stop('SIGTERM'))
  process.on('SIGINT', () => broker.stop('SIGINT'))
  broker.start()
  if (await broker.finished) process.exitCode = FAILED
}

let options: BrokerArguments | undefined
try {
  options = parseBrokerArguments(process.argv.slice(2), process.env)
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n${USAGE}\n`)
  process.exitCode = BAD_ARGUMENTS
}
if (options !== undefined) await run(options)

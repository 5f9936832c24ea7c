import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../../clock.ts'
import { DRILL_CLIENT_OPTIONS, DRILL_DEFAULTS } from '../../drill/plan.ts'
import type { DrillResult } from '../../drill/result.ts'
import { UnderstudyError } from '../../errors.ts'
import { parseFailoverUri } from '../../failover/uri.ts'
import type { Transport } from '../../transport/transport.ts'
import { newFolder, prepareFolder, removeUnused, shown } from '../drill-folder.ts'
import { type DrillLab, performDrill } from '../drill-run.ts'
import { duration, durationOption, wholeNumber, writeDuration } from '../duration.ts'
import { Exit, EXIT, EXIT_OF_VERDICT } from '../exit-code.ts'
import type { LiveView } from '../live/live-view.ts'
import type { Terminal } from '../terminal.ts'

export interface DrillCommandDependencies {
  readonly terminal: Terminal
  /** Puts a lab up that ends with this process. */
  readonly upLab: (name: string, signal: AbortSignal, onProgress: (line: string) => void) => Promise<DrillLab>
  /** What can be done to that lab. @throws UnderstudyError `invalid-option` for an unknown name. */
  readonly faultNames: (lab: string) => readonly string[]
  /** The adapter for the lab's endpoints. */
  readonly transport: (lab: DrillLab) => Promise<Transport>
  readonly liveView: (lab: DrillLab) => LiveView
  /** The end of the drill for a person; `folder` is where the files are, as it is to be shown. */
  readonly summary: (result: DrillResult, folder: string) => string
  readonly versions: Readonly<Record<string, string>>
  /** What the program is called in the command that repeats a drill. */
  readonly understudy: string
}

interface DrillOptions {
  readonly lab: string
  readonly fault: string
  readonly every: number
  readonly seed?: number
  readonly hold: number
  readonly window: number
  readonly rto?: number
  readonly allowFailed: number
  readonly exactlyOnce?: true
  readonly clientOptions?: Readonly<Record<string, string>>
  readonly out?: string
  readonly json?: true
}

// With fewer jobs than one in 5 s a window of 10 s says nothing.
const SLOWEST_RATE_MS = 5000
const LARGEST_SEED = 2 ** 32 - 1

/** Kills a real broker under load and says what became of every job. */
export function drillCommand(dependencies: DrillCommandDependencies): Command {
  return new Command('drill')
    .description('hurt the active broker of a lab under load and say what became of every job')
    .option('--lab <name>', 'which brokers; `lab list` names them', 'embedded')
    .option(
      '--fault <name>',
      'what is done to the brokers; `lab list` names what each lab can suffer',
      DRILL_DEFAULTS.fault,
    )
    .addOption(
      durationOption(
        '--every <duration>',
        'from one job to the next',
        duration(1, SLOWEST_RATE_MS),
        DRILL_DEFAULTS.everyMs,
      ),
    )
    .option('--seed <n>', 'repeat the random phase of an earlier drill', wholeNumber(0, LARGEST_SEED))
    .addOption(
      durationOption(
        '--hold <duration>',
        'how long a paused broker stays paused, and a home node that none replaces stays away',
        duration(100),
        DRILL_DEFAULTS.holdMs,
      ),
    )
    .addOption(
      durationOption(
        '--window <duration>',
        'how long all must be back in bounds to call it recovered',
        duration(100),
        DRILL_DEFAULTS.windowMs,
      ),
    )
    .option('--rto <duration>', 'the recovery time objective; without one, recovery is only measured', duration(1))
    .option('--allow-failed <n>', 'how many jobs may fail', wholeNumber(0, 1e9), 0)
    .option('--exactly-once', 'fail the drill when a job was delivered twice')
    .option('--client-options <query>', "failover options for the drill's client: name=value&name=value", clientOptions)
    .option('--out <folder>', 'where the history, the result and the report go', folder)
    .option('--json', 'print the result as one JSON document')
    .action((options: DrillOptions) => drill(options, dependencies))
}

async function drill(options: DrillOptions, dependencies: DrillCommandDependencies): Promise<void> {
  const { terminal } = dependencies
  const { interrupted } = terminal
  checkFault(options, dependencies.faultNames(options.lab))
  const seed = options.seed ?? Math.floor(Math.random() * (LARGEST_SEED + 1))
  const out = options.out === undefined ? newFolder(resolve(defaultFolder(options))) : resolve(options.out)
  prepareFolder(out)
  const result = await withLab(options, dependencies, async (lab) => {
    const transport = await dependencies.transport(lab)
    const live = dependencies.liveView(lab)
    try {
      return await performDrill({
        plan: {
          fault: options.fault,
          everyMs: options.every,
          destination: DRILL_DEFAULTS.destination,
          seed,
          holdMs: options.hold,
          windowMs: options.window,
          clientOptions: options.clientOptions ?? {},
          prefetch: DRILL_DEFAULTS.prefetch,
        },
        objectives: {
          windowMs: options.window,
          failedJobs: options.allowFailed,
          ...(options.rto === undefined ? {} : { rtoMs: options.rto }),
          ...(options.exactlyOnce ? { exactlyOnce: true } : {}),
        },
        lab,
        transport,
        clock: systemClock,
        out,
        command: commandLine(dependencies.understudy, options, seed),
        versions: dependencies.versions,
        onEvent: (event) => live.onEvent(event),
        onPhase: (phase) => live.onPhase(phase),
        signal: interrupted,
      })
    } finally {
      live.close()
    }
  }).catch((error: unknown) => {
    if (options.out === undefined) removeUnused(out)
    throw error
  })
  if (options.json) terminal.out(`${JSON.stringify(result)}\n`)
  else terminal.out(dependencies.summary(result, shown(out)))
  if (result.verdict !== 'pass') throw new Exit(EXIT_OF_VERDICT[result.verdict])
}

/** Whatever happens in between, the lab is taken down. An interrupt counts once everything is healed. */
async function withLab<Value>(
  options: DrillOptions,
  { terminal, upLab }: DrillCommandDependencies,
  use: (lab: DrillLab) => Promise<Value>,
): Promise<Value> {
  const { interrupted } = terminal
  let lab: DrillLab | undefined
  try {
    lab = await upLab(options.lab, interrupted, (line) => terminal.err(`lab ${options.lab}: ${line}\n`))
    return await use(lab)
  } catch (error) {
    if (interrupted.aborted) throw new Exit(EXIT.interrupted, 'interrupted; the brokers were healed and taken down')
    throw error
  } finally {
    await lab?.down()
  }
}

/** A mistake in the name is told before any broker is started. */
function checkFault({ lab, fault }: DrillOptions, known: readonly string[]): void {
  if (known.includes(fault)) return
  const names = known.join(', ')
  throw new UnderstudyError(
    'invalid-option',
    `option --fault: ${lab} has no fault ${JSON.stringify(fault)}; it has ${names}`,
  )
}

/** An empty one is a variable that was not set, and would be the folder one stands in. */
function folder(path: string): string {
  if (path === '') throw new InvalidArgumentError('It names no folder.')
  return path
}

function defaultFolder({ lab, fault }: DrillOptions): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return join('drills', `${stamp}-${lab.replaceAll(/[^a-z0-9-]/gi, '_')}-${fault}`)
}

/** The command that repeats this drill: what differs from the defaults, and the seed. */
function commandLine(understudy: string, options: DrillOptions, seed: number): string {
  const words = [understudy, 'drill', '--lab', options.lab, '--fault', options.fault, '--seed', String(seed)]
  if (options.every !== DRILL_DEFAULTS.everyMs) words.push('--every', writeDuration(options.every))
  if (options.hold !== DRILL_DEFAULTS.holdMs) words.push('--hold', writeDuration(options.hold))
  if (options.window !== DRILL_DEFAULTS.windowMs) words.push('--window', writeDuration(options.window))
  if (options.rto !== undefined) words.push('--rto', writeDuration(options.rto))
  if (options.allowFailed > 0) words.push('--allow-failed', String(options.allowFailed))
  if (options.exactlyOnce) words.push('--exactly-once')
  if (options.clientOptions)
    words.push('--client-options', `'${new URLSearchParams(options.clientOptions).toString()}'`)
  return words.join(' ')
}

/** Reads `name=value&name=value` and has the client check it, so that a mistake is found before the lab is up. */
function clientOptions(query: string): Readonly<Record<string, string>> {
  const given: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(query)) given[name] = value
  const merged = new URLSearchParams({ ...DRILL_CLIENT_OPTIONS, ...given }).toString()
  try {
    parseFailoverUri(`failover:(stomp://localhost:1)?${merged}`)
  } catch (error) {
    if (error instanceof UnderstudyError) throw new InvalidArgumentError(error.message)
    throw error
  }
  return given
}

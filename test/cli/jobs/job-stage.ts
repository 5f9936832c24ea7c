import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../../../infra/labs/lab.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { drillUri } from '../../../src/cli/drill/run.ts'
import { type CommandEnd, type RunningCommand, startScript } from '../../support/command.ts'
import { newLabRoot } from '../../support/lab-root.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
const INDEX = new URL('../../../src/index.ts', import.meta.url).href

/**
 * - `cook` fails until the file `fixed` is there.
 * - `hold` goes on until the file `release-ID` is there, or, unless it is stubborn, until it is aborted.
 */
const JOBS = `import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { defineJob } from ${JSON.stringify(INDEX)}

const FOLDER = import.meta.dirname

export const cook = defineJob({
  name: 'cook',
  queue: 'meals',
  schema: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) => {
        const dish = (value as { dish?: unknown } | undefined)?.dish
        return typeof dish === 'string' ? { value: { dish } } : { issues: [{ message: 'must be text', path: ['dish'] }] }
      },
    },
  },
  async perform({ dish }: { dish: string }, context) {
    await context.progress(50, 'halfway')
    if (!existsSync(FOLDER + '/fixed')) throw new TypeError('no ' + dish + ' today')
    return { served: dish, attempt: context.attempt, requeues: context.requeues }
  },
})

export const hold = defineJob({
  name: 'hold',
  queue: 'holds',
  async perform(args: { stubborn?: boolean } | undefined, { jobId, signal, log }) {
    log.info({}, 'holding')
    while (!existsSync(FOLDER + '/release-' + jobId)) {
      if (!args?.stubborn) signal.throwIfAborted()
      await wait(20)
    }
    return 'released'
  },
})
`

/** Brokers, a folder with a job file in it, and the program as users call it. */
export interface JobStage {
  readonly folder: string
  readonly lab: Lab
  readonly uri: string
  /** Options for where everything is kept. */
  readonly failures: readonly string[]
  start(...args: readonly string[]): RunningCommand
  run(...args: readonly string[]): Promise<CommandEnd>
  /** The standard output of a command, which must end with 0. */
  output(...args: readonly string[]): Promise<string>
  /** A worker on the job file that says that it is ready. */
  worker(...args: readonly string[]): Promise<RunningCommand>
  /** Has a held job go on, or a cook find what he needs. */
  touch(file: string): void
}

let stores = 0

export async function jobStage(labName: string): Promise<JobStage & { close(): Promise<void> }> {
  const folder = temporaryFolder('jobs')
  const lab = await createLabs({ root: newLabRoot('jobs') }).up(labName)
  const uri = drillUri(lab, {})
  const jobs = join(folder, 'jobs.mts')
  writeFileSync(jobs, JOBS)
  const failures = ['--failures', join(folder, `failures-${++stores}.db`)]
  const started = new Set<RunningCommand>()
  const start = (...args: readonly string[]): RunningCommand => {
    const running = startScript([MAIN, ...args])
    started.add(running)
    void running.ended.finally(() => started.delete(running))
    return running
  }
  const run = async (...args: readonly string[]): Promise<CommandEnd> => await start(...args).ended
  return {
    folder,
    lab,
    uri,
    failures,
    start,
    run,
    async output(...args) {
      const { exitCode, stdout, stderr } = await run(...args)
      if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}: ${stderr}`)
      return stdout
    },
    async worker(...args) {
      const running = start('worker', uri, '--jobs', jobs, '--json', ...failures, ...args)
      await running.saw('"ready"')
      return running
    },
    touch: (file) => writeFileSync(join(folder, file), ''),
    async close() {
      // Those of a test that failed.
      for (const { child } of started) child.kill('SIGKILL')
      await lab.down()
    },
  }
}

/** The events that a worker printed, in order. */
export function eventsOf({ stdout }: CommandEnd): readonly { readonly event: string; readonly jobId?: string }[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { event: string; jobId?: string })
}

const DEADLINE_MS = 30_000

/** Asks again and again until something holds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${DEADLINE_MS} ms`)
    await wait(50)
  }
}

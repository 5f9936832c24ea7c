import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { messageOf } from '../../errors.ts'
import type { Job } from '../../jobs/job.ts'
import { Exit, EXIT } from '../exit-code.ts'

/**
 * The jobs of `--jobs` files: ES modules in TypeScript or JavaScript, whose exports, default or named, are jobs or
 * arrays of jobs. What else a module exports is left alone, unless it looks like a job that nobody defined.
 *
 * @throws Exit with one line that names the file and what is wrong with it.
 */
export async function loadJobFiles(paths: readonly string[]): Promise<readonly Job[]> {
  const origins = new Map<string, { readonly job: Job; readonly path: string }>()
  for (const path of paths) {
    for (const job of await loadJobFile(path)) {
      const known = origins.get(job.name)
      if (known === undefined) origins.set(job.name, { job, path })
      else if (known.job !== job) {
        const where = known.path === path ? 'twice' : `here and in ${known.path}`
        throw wrong(path, `the job ${JSON.stringify(job.name)} is defined ${where}`)
      }
    }
  }
  return [...origins.values()].map(({ job }) => job)
}

async function loadJobFile(path: string): Promise<readonly Job[]> {
  const file = resolve(path)
  if (!existsSync(file)) throw wrong(path, 'there is no such file')
  let exported: Readonly<Record<string, unknown>>
  try {
    exported = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw wrong(path, importTrouble(error, file))
  }
  const jobs = new Set(Object.entries(exported).flatMap(([name, value]) => jobsOf(path, name, value)))
  if (jobs.size === 0) throw wrong(path, 'no export of it is a job; make one with defineJob')
  return [...jobs]
}

function jobsOf(path: string, name: string, value: unknown): readonly Job[] {
  const what = name === 'default' ? 'its default export' : `its export ${JSON.stringify(name)}`
  if (isJob(value)) return [value]
  if (Array.isArray(value)) {
    if (!value.some((one) => isJob(one) || isMeantAsJob(one))) return []
    return value.map((one: unknown, index) => {
      if (isJob(one)) return one
      throw wrong(path, `item ${index + 1} of ${what} is no job; make it with defineJob`)
    })
  }
  if (name === 'default' || isMeantAsJob(value)) throw wrong(path, `${what} is no job; make it with defineJob`)
  return []
}

/** Told by its shape: a project may have a copy of this package of its own. */
function isJob(value: unknown): value is Job {
  if (!isMeantAsJob(value)) return false
  const { name, queue, serializer } = value
  return typeof name === 'string' && typeof queue === 'string' && typeof serializer === 'object' && serializer !== null
}

function isMeantAsJob(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && 'perform' in value && typeof value.perform === 'function'
}

/** What was thrown, and the line of the file it came from where the stack says so. */
function importTrouble(error: unknown, file: string): string {
  const kind = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : ''
  const line = lineIn(error, file)
  return `it cannot be loaded: ${kind}${messageOf(error)}${line === undefined ? '' : ` (line ${line})`}`
}

function lineIn(error: unknown, file: string): string | undefined {
  const stack = error instanceof Error && typeof error.stack === 'string' ? error.stack : ''
  for (const [, url, line] of stack.matchAll(/(file:\/\/[^\s)]+?):(\d+)/g)) {
    if (url !== undefined && isUrlOf(url, file)) return line
  }
  return undefined
}

function isUrlOf(url: string, file: string): boolean {
  try {
    return fileURLToPath(url) === file
  } catch {
    return false
  }
}

function wrong(path: string, what: string): Exit {
  return new Exit(EXIT.badArguments, `--jobs ${path}: ${what}`)
}

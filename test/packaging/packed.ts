import { execFile } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '../support/temporary-folder.ts'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))
export const TSC: string = join(ROOT, 'node_modules/typescript/bin/tsc')
const DEADLINE_MS = 240_000

const execute = promisify(execFile)

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, which is at most four minutes away. It fails in no other way than by its exit code. */
export async function run(
  file: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const options = { cwd, env: { ...process.env, npm_command: undefined, ...env }, timeout: DEADLINE_MS }
  try {
    const { stdout, stderr } = await execute(file, args, { ...options, maxBuffer: 64 * 1024 * 1024 })
    return { exitCode: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string }
    return { exitCode: typeof code === 'number' ? code : -1, stdout, stderr: stderr === '' ? String(error) : stderr }
  }
}

export interface Packed {
  /** The tarball. */
  readonly path: string
  readonly files: readonly { readonly path: string; readonly size: number }[]
  readonly size: number
}

/** The package as npm packs it, built anew and away from `dist`, which others may be using. */
export async function pack(): Promise<Packed> {
  const stage = temporaryFolder('packing')
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: readonly string[] }
  for (const path of ['package.json', 'README.md', 'LICENSE', ...files]) {
    if (path.startsWith('!') || path === 'dist' || !existsSync(join(ROOT, path))) continue
    mkdirSync(dirname(join(stage, path)), { recursive: true })
    cpSync(join(ROOT, path), join(stage, path), { recursive: true })
  }
  const built = await run(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', join(stage, 'dist')], ROOT)
  if (built.exitCode !== 0) throw new Error(`it does not build: ${built.stdout}${built.stderr}`)
  chmodSync(join(stage, 'dist/src/cli/main.js'), 0o755)
  const { exitCode, stdout, stderr } = await run('npm', ['pack', '--json', '--ignore-scripts'], stage)
  if (exitCode !== 0) throw new Error(`npm pack: ${stderr}`)
  const [packed] = JSON.parse(stdout) as readonly (Omit<Packed, 'path'> & { readonly filename: string })[]
  if (packed === undefined) throw new Error('npm pack made nothing')
  return { ...packed, path: join(stage, packed.filename) }
}

/** An empty project in which the tarball is installed, or why there is none. */
export async function installed(packed: Packed): Promise<string | { readonly missing: string }> {
  const project = temporaryFolder('packaging')
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }))
  const words = ['install', '--no-audit', '--no-fund', '--prefer-offline', packed.path]
  const { exitCode, stderr } = await run('npm', words, project)
  if (exitCode === 0) return project
  const registry = await run('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=20000'], project)
  if (registry.exitCode !== 0)
    return { missing: 'npm reaches no registry, and its cache has not all of the dependencies' }
  throw new Error(`npm install: ${stderr}`)
}

/** Makes a dependency of this project one of that project, too, as if its user had installed it. */
export function lend(project: string, name: string): void {
  const target = join(project, 'node_modules', name)
  if (existsSync(target)) return
  mkdirSync(dirname(target), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules', name), target)
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { lstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnderstudyError } from '../../src/errors.ts'
import { runCommand } from './run-command.ts'

/** What Debian's packages ask before they start a service; 101 means that they must not. */
export const SERVICE_POLICY = '/usr/sbin/policy-rc.d'

const MARK = '# Put here by `understudy lab install` while it runs; it may be removed.'
const DENY = `#!/bin/sh\n${MARK}\nexit 101\n`
const WITHIN_MS = 10_000

/**
 * Runs an action while no package may start a service, and puts back what was there before: the same
 * file, with its mode and owner, or none. `prefix` goes before each command, such as `sudo -n`.
 *
 * What an earlier run left behind, if it was killed, is put right first.
 *
 * @throws UnderstudyError `unsupported` when the file cannot be written or put back.
 */
export async function withoutServices<T>(
  prefix: readonly string[],
  action: () => Promise<T>,
  path: string = SERVICE_POLICY,
): Promise<T> {
  const kept = `${path}.before-understudy`
  const run = async (...command: string[]): Promise<void> => {
    const { code, tail } = await runCommand([...prefix, ...command], { withinMs: WITHIN_MS })
    if (code !== 0) throw new UnderstudyError('unsupported', `${command.join(' ')} failed: ${tail.at(-1) ?? 'no word'}`)
  }
  const restore = async (): Promise<void> => {
    if (exists(kept)) await run('mv', '-f', kept, path)
    else if (await isOurs(path)) await run('rm', '-f', path)
  }
  await restore()
  const folder = await mkdtemp(join(tmpdir(), 'understudy-policy-'))
  try {
    const draft = join(folder, 'policy-rc.d')
    await writeFile(draft, DENY)
    if (exists(path)) await run('mv', '-f', path, kept)
    await run('install', '-m', '755', draft, path)
    return await action()
  } finally {
    await rm(folder, { recursive: true, force: true })
    await restore()
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

async function isOurs(path: string): Promise<boolean> {
  return (await readFile(path, 'utf8').catch(() => '')).includes(MARK)
}

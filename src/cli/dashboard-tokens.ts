import { readFileSync, statSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { AccessToken } from '../dashboard/access/access.ts'
import { ROLES, type Role } from '../dashboard/access/visitor.ts'
import { messageOf } from '../errors.ts'
import { fileProblem } from '../folder.ts'
import type { Logger } from '../logger.ts'
import { Exit, EXIT } from './exit-code.ts'

/** Tokens where no file names them: the same lines, with commas between them. */
export const TOKENS_VARIABLE = 'UNDERSTUDY_DASHBOARD_TOKENS'

const OTHERS_MAY_READ = 0o044
const LOOK_EVERY_MS = 1000

export interface FoundTokens {
  /** Undefined where nobody wrote any. */
  readonly tokens: readonly AccessToken[] | undefined
  /** What is not as it should be, in a line. */
  readonly warning: string | undefined
}

/**
 * Who may come in, from a file with a line for each: a name, a role and a token. Neither messages nor warnings quote
 * anything of it.
 *
 * @throws Exit for a file that cannot be read, or a line that is none.
 */
export function dashboardTokens(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): FoundTokens {
  if (file !== undefined) {
    const { text, mode } = read(file)
    const others = (mode & OTHERS_MAY_READ) !== 0 && process.platform !== 'win32'
    const warning = others ? `others on this machine may read ${file}: chmod 600 ${file}` : undefined
    return { tokens: parseTokens(text.split('\n'), file), warning }
  }
  const said = environment[TOKENS_VARIABLE]
  if (said === undefined || said.trim() === '') return { tokens: undefined, warning: undefined }
  return { tokens: parseTokens(said.split(/[\n,]/), TOKENS_VARIABLE), warning: undefined }
}

/**
 * The same file again where it has changed, looked at once a second at most, and only when it is asked for. While it cannot
 * be read, or holds a line that is none, those before hold, and the log says so: half a file must not lock everybody out.
 */
export function rereadTokens(
  file: string,
  first: readonly AccessToken[],
  { clock, logger }: { readonly clock: Pick<Clock, 'now'>; readonly logger: Logger },
): () => readonly AccessToken[] {
  let tokens = first
  let seal: string | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  return () => {
    const now = clock.now()
    if (now - lookedAt < LOOK_EVERY_MS) return tokens
    lookedAt = now
    const found = sealOf(file)
    if (found === seal) return tokens
    seal = found
    try {
      const read = dashboardTokens(file, {}).tokens ?? tokens
      // A file that was touched, and says the same, changes nothing.
      if (JSON.stringify(read) !== JSON.stringify(tokens)) tokens = read
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'the tokens could not be read again: those before hold')
    }
    return tokens
  }
}

/** What changes with every change of a file. */
function sealOf(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found ? [found.mtimeNs, found.ctimeNs, found.size, found.ino].join(' ') : 'gone'
}

function parseTokens(lines: readonly string[], where: string): readonly AccessToken[] {
  const tokens: AccessToken[] = []
  for (const [index, line] of lines.entries()) {
    const words = line.trim().split(/\s+/)
    if (words[0] === '' || words[0]?.startsWith('#')) continue
    const [name = '', role = '', token = '', ...rest] = words
    if (!isRole(role) || token === '' || rest.length > 0)
      throw new Exit(
        EXIT.badArguments,
        `${where}, line ${index + 1}: write a name, a role (viewer, operator or admin) and a token`,
      )
    tokens.push({ name, role, token })
  }
  if (tokens.length === 0) throw new Exit(EXIT.badArguments, `${where} names nobody: write a name, a role and a token`)
  return tokens
}

function read(file: string): { readonly text: string; readonly mode: number } {
  try {
    return { text: readFileSync(file, 'utf8'), mode: statSync(file).mode }
  } catch (error) {
    throw new Exit(EXIT.badArguments, `--token-file ${file}: ${fileProblem(error)}`)
  }
}

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text)
}

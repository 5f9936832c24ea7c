import { readFileSync, statSync } from 'node:fs'
import type { AccessToken } from '../dashboard/access/access.ts'
import { ROLES, type Role } from '../dashboard/access/visitor.ts'
import { fileProblem } from '../folder.ts'
import { Exit, EXIT } from './exit-code.ts'

/** Tokens where no file names them: the same lines, with commas between them. */
export const TOKENS_VARIABLE = 'UNDERSTUDY_DASHBOARD_TOKENS'

const OTHERS_MAY_READ = 0o044

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

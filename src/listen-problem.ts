import { messageOf } from './errors.ts'

/** Why a server cannot listen, in the words of whoever asked it to. */
export function listenProblem(cause: unknown): string {
  return WORDS[codeOf(cause) ?? ''] ?? messageOf(cause)
}

/** Whether another port would do. */
export function isPortTaken(cause: unknown): boolean {
  return codeOf(cause) === 'EADDRINUSE'
}

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'the port needs more rights',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}

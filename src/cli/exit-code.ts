import { CommanderError } from 'commander'
import type { Verdict } from '../drill/result.ts'
import { type ErrorCode, messageOf, UnderstudyError } from '../errors.ts'

/** What the command's exit code says; `design` of the command line, the same for every command. */
export const EXIT = {
  /** The claim held. */
  passed: 0,
  /** An objective was violated. */
  violated: 1,
  /** Nothing can be said: no such target, no steady state, the fault was not proven, the drain failed. */
  unknown: 2,
  badArguments: 64,
  /** The harness itself broke. */
  broken: 70,
  /** Interrupted, after healing. */
  interrupted: 130,
} as const

export const EXIT_OF_VERDICT: Readonly<Record<Verdict, number>> = {
  pass: EXIT.passed,
  fail: EXIT.violated,
  unknown: EXIT.unknown,
}

/** Ends a command with a code of its own, and a line on stderr unless the message is empty. */
export class Exit extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message = '') {
    super(message)
    this.exitCode = exitCode
  }
}

/** Ends a command that this machine cannot carry out, for want of something that it needs. */
export class Skipped extends Exit {
  constructor(reason: string) {
    super(EXIT.unknown, `skipped: ${reason}`)
  }
}

/** The exit code and the one line for anything that a command threw, without credentials. */
export function explain(error: unknown): { readonly exitCode: number; readonly line: string } {
  const { exitCode, line } = explained(error)
  // A URI in the wrong place, such as that of a lab's name, is quoted as what it is not.
  return { exitCode, line: line.replaceAll(/:\/\/[^\s'"]*@/g, '://***@') }
}

function explained(error: unknown): { readonly exitCode: number; readonly line: string } {
  if (error instanceof Exit) return { exitCode: error.exitCode, line: error.message }
  if (error instanceof CommanderError) {
    // Help and version end this way too, having printed what was asked for.
    if (error.exitCode === 0) return { exitCode: EXIT.passed, line: '' }
    // No command was given, and the help has been printed in place of one line.
    if (error.code === 'commander.help') return { exitCode: EXIT.badArguments, line: '' }
    return { exitCode: EXIT.badArguments, line: error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ') }
  }
  return { exitCode: codeOf(error), line: messageOf(error) }
}

const BAD_ARGUMENTS: ReadonlySet<ErrorCode> = new Set(['invalid-uri', 'invalid-option', 'schema'])

/** The target is not there, or does not let us in. */
const NO_TARGET: ReadonlySet<ErrorCode> = new Set([
  'unsupported',
  'refused',
  'unknown-host',
  'unreachable',
  'dial-timeout',
  'handshake-timeout',
  'authentication',
  'tls',
  'attempts-exhausted',
  'aborted',
])

function codeOf(error: unknown): number {
  if (!(error instanceof UnderstudyError)) return EXIT.broken
  if (BAD_ARGUMENTS.has(error.code)) return EXIT.badArguments
  return NO_TARGET.has(error.code) ? EXIT.unknown : EXIT.broken
}

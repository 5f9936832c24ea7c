import { inspect, types } from 'node:util'

/** What is kept of something that was thrown. */
export interface ThrownText {
  /** Such as `TypeError`; of anything that is no Error its type, such as `string` or `null`. */
  readonly errorClass: string
  readonly errorMessage: string
  /** The error's own code, such as `ECONNREFUSED`. */
  readonly errorCode: string | undefined
  readonly stack: string | undefined
}

const MOST_CLASS_BYTES = 200
const MOST_MESSAGE_BYTES = 4 * 1024
const MOST_STACK_BYTES = 16 * 1024
const MOST_LINE_CHARACTERS = 200

/**
 * Whatever was thrown as text, without credentials of URLs: a message of at most 4 KiB and a stack of at most 16 KiB.
 * Never throws itself, whatever it is given.
 */
export function describeThrown(error: unknown): ThrownText {
  const isError = attempt(() => types.isNativeError(error) || error instanceof Error) ?? false
  const said = (
    attempt(() => (isError ? String((error as { readonly message: unknown }).message) : textOf(error))) ??
    unreadable(error)
  ).trim()
  const stack = isError ? attempt(() => (error as Error).stack) : undefined
  return {
    errorClass: clean(attempt(() => classOf(error, isError)) ?? typeof error, MOST_CLASS_BYTES),
    errorMessage: clean(said, MOST_MESSAGE_BYTES),
    errorCode: attempt(() => codeOf(error)),
    stack: typeof stack === 'string' ? clean(stack, MOST_STACK_BYTES) : undefined,
  }
}

/** Class and message on one line of at most 200 characters, as an {@link AttemptRecord} has it. */
export function thrownLine(error: unknown): string {
  const { errorClass, errorMessage } = describeThrown(error)
  const line = (errorMessage === '' ? errorClass : `${errorClass}: ${errorMessage}`).replaceAll(/\s+/g, ' ')
  return line.length <= MOST_LINE_CHARACTERS ? line : `${line.slice(0, MOST_LINE_CHARACTERS - 1).toWellFormed()}…`
}

/** The user and the password of a URL are nobody's business; a password may hold slashes and more. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/:\/\/(?:[^\s/@?#:"'<>]*:[^\s"'<>]*|[^\s/@?#"'<>]+)@/g, '://')
}

/** At most this many bytes of UTF-8, and no half characters. */
function cutText(text: string, mostBytes: number): string {
  if (text.length * 3 <= mostBytes) return text
  const bytes = Buffer.from(text)
  if (bytes.length <= mostBytes) return text
  let end = mostBytes
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

function clean(text: string, mostBytes: number): string {
  // A URL must not be cut before its credentials are known as such.
  const shown = withoutCredentials(text.slice(0, 2 * mostBytes))
  // Neither stores nor protocols agree on NULs and halves of characters.
  return cutText(shown.replaceAll('\0', '\ufffd').toWellFormed(), mostBytes)
}

function classOf(error: unknown, isError: boolean): string {
  if (!isError) return error === null ? 'null' : typeof error
  const { name, constructor } = error as Error
  // A class that does not set its name inherits this one.
  const given = typeof name === 'string' && name !== '' && name !== 'Error' ? name : constructor?.name
  return typeof given === 'string' && given !== '' ? given : 'Error'
}

function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { message } = error as { readonly message?: unknown }
  if (typeof message === 'string') return message
  return inspect(error, {
    depth: 1,
    breakLength: Infinity,
    maxArrayLength: 20,
    maxStringLength: 1000,
    customInspect: false,
  })
}

function codeOf(error: unknown): string | undefined {
  if ((typeof error !== 'object' && typeof error !== 'function') || error === null) return undefined
  const { code } = error as { readonly code?: unknown }
  if (typeof code !== 'string' && typeof code !== 'number') return undefined
  return clean(String(code), MOST_CLASS_BYTES) || undefined
}

function unreadable(error: unknown): string {
  return `a ${typeof error} without a text`
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

import { messageOf, UnderstudyError } from '../errors.ts'

/**
 * The part of the Standard Schema interface (standardschema.dev, version 1) that is used here: zod, valibot, arktype
 * and others implement it, and none of them has to be installed.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    /** What it makes of a value, or what is wrong with it. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

const MOST_SHOWN = 3

/**
 * What the schema makes of a value; at once where the schema answers at once.
 *
 * @throws UnderstudyError `schema`, naming the first issues and where they are.
 */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  what: string,
): Output | Promise<Output> {
  let result: SchemaResult<Output> | Promise<SchemaResult<Output>>
  try {
    result = schema['~standard'].validate(value)
  } catch (error) {
    throw broken(what, error)
  }
  if (!(result instanceof Promise)) return read(result, what)
  return result.then(
    (found) => read(found, what),
    (error: unknown) => {
      throw broken(what, error)
    },
  )
}

function read<Output>(result: SchemaResult<Output>, what: string): Output {
  if (result.issues === undefined) return result.value
  const shown = result.issues.slice(0, MOST_SHOWN).map(({ message, path }) => `${pathText(path)}${message}`)
  const more = result.issues.length > MOST_SHOWN ? `; and ${result.issues.length - MOST_SHOWN} more` : ''
  throw new UnderstudyError('schema', `${what}: ${shown.join('; ')}${more}`)
}

function broken(what: string, cause: unknown): UnderstudyError {
  return new UnderstudyError('schema', `${what}: the schema itself failed: ${messageOf(cause)}`, { cause })
}

function pathText(path: SchemaIssue['path']): string {
  if (path === undefined || path.length === 0) return ''
  const words = path.map((step) => String(typeof step === 'object' ? step.key : step))
  return `${words.join('.')}: `
}

import type { Failure, KeptFailure } from '../../../jobs/failures/failure.ts'

const JSON_TYPE = /^application\/(?:[^;]*\+)?json\b/i

/** A failure as a JSON document has it: arguments as they are where they are JSON, else in base64. */
export function failureJson(failure: KeptFailure): object {
  const { args, ...rest } = failure
  const parsed = parsedArguments(failure)
  return parsed === undefined
    ? { ...rest, argsBase64: Buffer.from(args).toString('base64') }
    : { ...rest, args: parsed.value }
}

/** Arguments for a person: JSON in several lines, text as it is, anything else in base64. */
export function argumentsText(failure: Pick<Failure, 'args' | 'contentType'>): string {
  const parsed = parsedArguments(failure)
  if (parsed !== undefined) return JSON.stringify(parsed.value, null, 2)
  if (failure.args.length === 0) return '(none)'
  const text = textOf(failure.args)
  return text === undefined || text.includes('\0') ? `base64:${Buffer.from(failure.args).toString('base64')}` : text
}

function parsedArguments({
  args,
  contentType,
}: Pick<Failure, 'args' | 'contentType'>): { readonly value: unknown } | undefined {
  if (contentType === undefined || !JSON_TYPE.test(contentType)) return undefined
  const text = textOf(args)
  if (text === undefined) return undefined
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

import { InvalidArgumentError } from 'commander'

/** Collects `--header name=value`, which may be repeated. */
export function header(
  text: string,
  all: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const split = text.indexOf('=')
  if (split < 1) throw new InvalidArgumentError('Write name=value.')
  return { ...all, [text.slice(0, split)]: text.slice(split + 1) }
}

/** Collects the values of an option that may be repeated. */
export function several(text: string, all: readonly string[] | undefined): readonly string[] {
  return [...(all ?? []), text]
}

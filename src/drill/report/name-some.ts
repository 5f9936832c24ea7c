const MOST_NAMED = 3

/** `a`, `a and b`, `a, b, c and d`, `a, b, c and 2 more`: one more is named, too. */
export function nameSome(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED
  const shown = rest > 1 ? [...names.slice(0, MOST_NAMED), `${rest} more`] : names
  return shown.length === 1 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

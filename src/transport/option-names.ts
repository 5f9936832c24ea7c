import { UnderstudyError } from '../errors.ts'

const MOST_COMPARED = 64

/** How many single-character edits lead from `from` to `to`. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[to.length] ?? 0
}

/** The known name closest to what was written, so that an error can point at it. Ignores case. */
export function nearestName(written: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const name of known) {
    const distance = editDistance(written.slice(0, MOST_COMPARED).toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/**
 * The end of an error about an unknown name: `; did you mean NAME?`. Empty where none is near, that is within a third of
 * its letters.
 */
export function didYouMean(written: string, known: readonly string[]): string {
  const nearest = nearestName(written, known)
  if (nearest === undefined || written.length > MOST_COMPARED) return ''
  const far = Math.ceil(Math.max(written.length, nearest.length) / 3)
  return editDistance(written.toLowerCase(), nearest.toLowerCase()) > far ? '' : `; did you mean ${nearest}?`
}

/** The names of an interface's fields, none forgotten. */
export type NamesOf<Options> = Readonly<Record<keyof Options, true>>

/**
 * Refuses what nobody would look at, such as a name with a slip in it.
 *
 * @throws UnderstudyError `invalid-option`, naming the option and the nearest known one.
 */
export function checkNames<Options extends object>(what: string, given: Options, known: NamesOf<Options>): void {
  for (const name in given) {
    if (Object.hasOwn(known, name)) continue
    const message = `unknown ${what} option ${JSON.stringify(name.slice(0, 64))}${didYouMean(name, Object.keys(known))}`
    throw new UnderstudyError('invalid-option', message)
  }
}

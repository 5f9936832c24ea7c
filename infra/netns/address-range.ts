import { UnderstudyError } from '../../src/errors.ts'

/** Ranges of 24 bits to choose from, by what stands before the third number: of those that are for private use. */
const FIRST_TWO = ['10.213', '172.29', '192.168'] as const

/**
 * The first three numbers of a private range that no route of this machine leads to or overlaps, such as
 * `10.213.7`.
 *
 * @param routes the destinations of all routes, such as `10.0.0.0/8`; `default` is not one.
 * @param start where to begin among the 256 of each.
 * @throws UnderstudyError `unsupported` when every one is taken.
 */
export function freeRange(routes: readonly string[], start: number): string {
  const taken = routes.map(spanOf).filter((span) => span !== undefined)
  for (const before of FIRST_TWO) {
    for (let offset = 0; offset < 256; offset++) {
      const range = `${before}.${(start + offset) % 256}`
      const span = spanOf(`${range}.0/24`)
      if (span && taken.every(([first, last]) => last < span[0] || first > span[1])) return range
    }
  }
  throw new UnderstudyError('unsupported', 'routes of this machine overlap every private range that was looked at')
}

type Span = readonly [first: number, last: number]

function spanOf(route: string): Span | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(route)
  if (!match) return undefined
  const address = match.slice(1, 5).reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(match[5] ?? 32))
  // A default route that is written as one leads everywhere, and is in nobody's way.
  if (size === 2 ** 32) return undefined
  const first = Math.floor(address / size) * size
  return [first, first + size - 1]
}

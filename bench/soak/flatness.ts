/** A measured point; `x` is what has passed, such as failovers. */
export interface Point {
  readonly x: number
  readonly y: number
}

export interface Line {
  /** How much `y` grows with each 1 of `x`. */
  readonly slope: number
  readonly intercept: number
  /** The slope's standard error; undefined for two points, which leave nothing over. */
  readonly slopeError: number | undefined
}

/** The line through the points with the least squares. Undefined where all stand at one `x`. */
export function leastSquares(points: readonly Point[]): Line | undefined {
  const n = points.length
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / n
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / n
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
  if (n < 2 || spread === 0) return undefined
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread
  const intercept = meanY - slope * meanX
  const rest = points.reduce((sum, { x, y }) => sum + (y - intercept - slope * x) ** 2, 0)
  return { slope, intercept, slopeError: n > 2 ? Math.sqrt(rest / (n - 2) / spread) : undefined }
}

export interface Trend extends Line {
  /** How many points the line goes through; those before them were the warm-up. */
  readonly points: number
  /** What the line rises by, from its first point to its last. */
  readonly growth: number
}

// While code is being compiled and caches fill, a heap grows whatever the client does.
const WARM_UP_SHARE = 0.25
// Node drops code and sources that it has not used for a while, megabytes at once (measured: 5 MiB of 20 some
// minutes after the start). A line across that would hide any growth.
const COLLAPSE_SHARE = 0.1
const FEWEST_POINTS = 4

/**
 * How a value went after its first quarter, which counts as warm-up, and after the last time it fell by a
 * tenth from one point to the next. Undefined for fewer than 4 points after that: they would tell chance.
 */
export function trendOf(points: readonly Point[]): Trend | undefined {
  const collapse = points.findLastIndex(({ y }, index) => y < (points[index - 1]?.y ?? 0) * (1 - COLLAPSE_SHARE))
  const judged = points.slice(Math.max(Math.floor(points.length * WARM_UP_SHARE), collapse))
  const line = judged.length < FEWEST_POINTS ? undefined : leastSquares(judged)
  if (line === undefined) return undefined
  const span = (judged.at(-1)?.x ?? 0) - (judged[0]?.x ?? 0)
  return { ...line, points: judged.length, growth: line.slope * span }
}

/**
 * The kinds of which there were more throughout the last third of the samples than ever in the first third.
 * Undefined for fewer than 6 samples: one that happens to be high would be a third of them.
 */
export function grownKinds(samples: readonly Readonly<Record<string, number>>[]): string[] | undefined {
  const third = Math.floor(samples.length / 3)
  if (third < 2) return undefined
  const first = samples.slice(0, third)
  const last = samples.slice(-third)
  return [...new Set(samples.flatMap((sample) => Object.keys(sample)))].filter((kind) => {
    const count = (sample: Readonly<Record<string, number>>): number => sample[kind] ?? 0
    return Math.min(...last.map(count)) > Math.max(...first.map(count))
  })
}

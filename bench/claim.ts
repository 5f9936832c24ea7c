/** What a measurement is to show. */
export interface Claim {
  readonly text: string
  /** Undefined where the run cannot tell. */
  readonly holds: boolean | undefined
  /** What was found, in a few words. */
  readonly found: string
}

/** What came of a measurement, as its exit code says it. */
export type Judged = 'held' | 'violated' | 'not judged'

/** A violation that is proven stays one, even where something else is not known. */
export function judgedBy(claims: readonly Claim[]): Judged {
  if (claims.some(({ holds }) => holds === false)) return 'violated'
  return claims.some(({ holds }) => holds === undefined) ? 'not judged' : 'held'
}

export function claimText({ text, holds, found }: Claim): string {
  const word = holds === undefined ? 'not judged' : holds ? 'holds' : 'FAILS'
  return `${word}: ${text} (${found})`
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2)} MiB`
}

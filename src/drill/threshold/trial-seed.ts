/**
 * The seed of one trial, from the seed of the search, the trial's name and how often it was begun anew: the same
 * whichever lab runs it and in whatever order. FNV-1a, 32 bits.
 */
export function trialSeed(seed: number, key: string, again: number): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(`${seed}/${key}/${again}`)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/** Beyond this many standard deviations two samples are called different: wrongly in one case of twenty. */
const SIGNIFICANT = 1.96

/**
 * Whether the values of one sample tend to be greater than those of the other, by Mann and Whitney's rank test with
 * ties and the correction for continuity: two-sided, at 95 %. It assumes nothing of how outages are spread, which are
 * mixtures of short and very long ones; samples of fewer than four each never differ by it.
 */
export function samplesDiffer(a: readonly number[], b: readonly number[]): boolean {
  const n = a.length
  const m = b.length
  if (n === 0 || m === 0) return false
  let greater = 0
  for (const one of a) for (const other of b) greater += other > one ? 1 : other === one ? 0.5 : 0
  const all = n + m
  const counts = new Map<number, number>()
  for (const value of [...a, ...b]) counts.set(value, (counts.get(value) ?? 0) + 1)
  const ties = [...counts.values()].reduce((sum, count) => sum + count ** 3 - count, 0)
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)))
  if (!(variance > 0)) return false
  return (Math.abs(greater - (n * m) / 2) - 0.5) / Math.sqrt(variance) >= SIGNIFICANT
}

/** The memory in use after a collection, once so many messages have gone through. */
export interface MemorySample {
  readonly messages: number
  readonly heapBytes: number
  /** Outside of the heap: buffers, above all. */
  readonly externalBytes: number
  readonly rssBytes: number
}

/** How much the memory in use grows with each message: the straight line that fits best. Undefined below two. */
export function bytesPerMessage(samples: readonly MemorySample[]): number | undefined {
  const points = samples.map(({ messages, heapBytes, externalBytes }) => [messages, heapBytes + externalBytes] as const)
  const meanX = mean(points.map(([x]) => x))
  const meanY = mean(points.map(([, y]) => y))
  let products = 0
  let squares = 0
  for (const [x, y] of points) {
    products += (x - meanX) * (y - meanY)
    squares += (x - meanX) ** 2
  }
  return squares === 0 ? undefined : products / squares
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

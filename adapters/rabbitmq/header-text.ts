/**
 * A header as text. Ours are text already; other clients and the broker itself also send numbers, times,
 * bytes, lists and tables (such as `x-death`), which are told as JSON.
 */
export function headerText(value: unknown): string {
  const plain = plainValue(value)
  if (typeof plain === 'string') return plain
  return plain === null || plain === undefined ? '' : JSON.stringify(plain)
}

/** Without what amqplib wraps around times and decimals, and with bytes as text. */
function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Buffer.isBuffer(value)) return value.toString('utf8')
  if (Array.isArray(value)) return value.map(plainValue)
  const tagged = value as { readonly '!'?: unknown; readonly value?: unknown }
  if (tagged['!'] === 'timestamp') return timeText(Number(tagged.value))
  if (tagged['!'] === 'decimal') return decimalText(tagged.value as { places: number; digits: number })
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainValue(inner)]))
}

/** AMQP's times are seconds. */
function timeText(seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString()
}

function decimalText({ places, digits }: { readonly places: number; readonly digits: number }): string {
  const text = String(digits).padStart(places + 1, '0')
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
}

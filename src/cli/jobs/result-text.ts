import { plainText } from '../terminal/text-table.ts'

/** What a job returned, for a person: text as it is, anything else as JSON in several lines. */
export function resultText(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return `${plainText(value)}\n`
  return `${JSON.stringify(value, null, 2)}\n`
}

import type { Logger } from '../../logger.ts'
import { plainLine } from './text-table.ts'

/** Lines on stderr for what jobs log; `debug` is not for those who only look on. */
export function terminalLogger(err: (text: string) => void): Logger {
  const say = (level: string) => (fields: object, message: string) => {
    const about = Object.entries(fields).map(([name, value]) => `${name}=${fieldText(value)}`)
    err(`  ${plainLine([level, message, ...about].join(' '))}\n`)
  }
  return { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error') }
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return `${value.name}: ${value.message}`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return '?'
  }
}

import assert from 'node:assert/strict'
import type { Finding } from '../../src/drill/doctor/finding.ts'

/** The one finding of that code; fails when there is none, or several. */
export function findingOf(findings: readonly Finding[], code: string): Finding {
  const found = findings.filter((one) => one.code === code)
  const [only] = found
  assert(only && found.length === 1, `${found.length} findings ${code} among ${codesOf(findings).join(', ')}`)
  return only
}

export function codesOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ code }) => code)
}

/** `problem keepalive-off`, … without what is fine. */
export function wrongsOf(findings: readonly Finding[]): readonly string[] {
  return findings.filter(({ severity }) => severity !== 'fine').map(({ severity, code }) => `${severity} ${code}`)
}

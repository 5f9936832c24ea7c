import { arch, cpus, platform } from 'node:os'
import type { Lab } from '../infra/labs/lab.ts'
import { createLabs, type Labs } from '../infra/labs/labs.ts'
import { UnderstudyError } from '../src/errors.ts'

/** Why the lab cannot run here; undefined when it can. @throws UnderstudyError `invalid-option` for no such lab. */
export function missingForLab(name: string): string | undefined {
  const listed = labs().list()
  const found = listed.find((lab) => lab.name === name)
  if (found === undefined) {
    const known = listed.map((lab) => lab.name).join(', ')
    throw new UnderstudyError('invalid-option', `there is no lab ${JSON.stringify(name)}; there are ${known}`)
  }
  const { availability } = found
  return availability.available ? undefined : `${availability.reason}; ${availability.remedy}`
}

/** What is printed instead of a result. */
export function skippedText(bench: string, { lab, json }: { lab: string; json?: true }, missing: string): string {
  if (json) return `${JSON.stringify({ schema: 1, bench, lab, skipped: missing })}\n`
  return `skipped: lab ${lab} cannot run here: ${missing}\n`
}

/** Puts up the lab, lets `action` use it, and takes it down whatever happens. */
export async function withLab<Value>(
  name: string,
  signal: AbortSignal,
  note: (line: string) => void,
  action: (lab: Lab) => Promise<Value>,
): Promise<Value> {
  const lab = await labs().up(name, { signal, onProgress: (line) => note(`lab ${name}: ${line}`) })
  try {
    return await action(lab)
  } finally {
    await lab.down()
  }
}

/** Whether `ack` waits for the broker's confirm: STOMP has one, AMQP has none. */
export function confirmsAcknowledges(lab: Lab): boolean {
  return !lab.nodes.some(({ endpoint }) => endpoint.startsWith('amqp'))
}

/** What a result was measured on. */
export function surroundings(lab: Lab): Readonly<Record<string, unknown>> {
  return {
    machine: { cpus: cpus().length, platform: platform(), arch: arch(), node: process.versions.node },
    lab: lab.lab,
    products: [...new Set(lab.nodes.map(({ product }) => product))],
    settings: lab.settings,
  }
}

function labs(): Labs {
  return createLabs({ understudy: 'npx understudy' })
}

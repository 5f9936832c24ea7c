import { DRILL_DEFAULTS } from '../../drill/plan.ts'
import { type DrillOptions, faultOf, labOf } from './options.ts'
import { writeDuration } from '../arguments/duration.ts'
import { readOwnUri, withoutSecrets } from '../own-brokers/uri.ts'

/**
 * The command that repeats a drill: what differs from the defaults, and the seed. Where a URI has credentials it
 * says `USER:PASSWORD` in their place.
 */
export function commandLine(understudy: string, options: DrillOptions, seed: number): string {
  const words = [understudy, 'drill', ...targetWords(options), '--fault', faultOf(options), '--seed', String(seed)]
  const given = (
    name: string,
    value: number | undefined,
    usual?: number,
    write: (value: number) => string = String,
  ): void => {
    if (value !== undefined && value !== usual) words.push(name, write(value))
  }
  given('--delay', options.delay, undefined, writeDuration)
  given('--every', options.every, DRILL_DEFAULTS.everyMs, writeDuration)
  given('--steady', options.steady, DRILL_DEFAULTS.steadyMs, writeDuration)
  given('--hold', options.hold, undefined, writeDuration)
  given('--window', options.window, DRILL_DEFAULTS.windowMs, writeDuration)
  given('--rto', options.rto, undefined, writeDuration)
  given('--rpo', options.rpo, 0)
  given('--allow-failed', options.allowFailed, 0)
  given('--abort-outage', options.abortOutage, undefined, writeDuration)
  given('--abort-failed', options.abortFailed)
  if (options.to !== DRILL_DEFAULTS.destination) words.push('--to', quoted(options.to))
  if (options.exactlyOnce) words.push('--exactly-once')
  if (options.clientOptions)
    words.push('--client-options', quoted(new URLSearchParams(options.clientOptions).toString()))
  return words.join(' ')
}

function targetWords(options: DrillOptions): readonly string[] {
  const { uri, inject, heal, proof, expects, topology, yes } = options
  if (uri === undefined) return ['--lab', labOf(options)]
  const own = readOwnUri(uri)
  const command = (name: string, text: string | undefined): readonly string[] =>
    text === undefined ? [] : [name, quoted(withoutSecrets(text, own.secrets))]
  return [
    '--uri',
    quoted(own.shown),
    ...command('--inject', inject),
    ...command('--heal', heal),
    ...command('--proof', proof),
    ...(expects === undefined ? [] : ['--expects', expects]),
    ...(topology === undefined ? [] : ['--topology', topology]),
    ...(yes ? ['--yes'] : []),
  ]
}

/** A word of a command line, such as a path, quoted only where a POSIX shell would read it as something else. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text)
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

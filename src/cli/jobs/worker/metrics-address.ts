import { InvalidArgumentError } from 'commander'
import { isLoopbackHost } from '../../../loopback.ts'
import { Exit, EXIT } from '../../exit-code.ts'

/** Where `--metrics` listens. */
export interface MetricsAddress {
  readonly host: string
  readonly port: number
}

const LOOPBACK = '127.0.0.1'
const OPTION = '--metrics'
const LAST_PORT = 65_535

/** `9464`, `localhost:9464` or `[::1]:9464`; the host is undefined where none was written. */
export function metricsOption(text: string): { readonly host: string | undefined; readonly port: number } {
  const [, bracketed, plain, written = ''] = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(written)
  if (written === '' || port > LAST_PORT)
    throw new InvalidArgumentError('write a port, or a loopback address and a port, such as 127.0.0.1:9464.')
  return { host: bracketed ?? plain, port }
}

/**
 * Who sees metrics learns names of queues, jobs and hosts: nobody but this machine, unless `--host` says so.
 *
 * @throws Exit for any other address in `--metrics`, for `--host` without it, and where the ports end before the processes.
 */
export function metricsAddress(
  metrics: ReturnType<typeof metricsOption> | undefined,
  host: string | undefined,
  processes = 1,
): MetricsAddress | undefined {
  if (metrics === undefined) {
    if (host === undefined) return undefined
    throw new Exit(EXIT.badArguments, '--host says where --metrics listens: give --metrics too')
  }
  if (metrics.host !== undefined && host !== undefined)
    throw new Exit(EXIT.badArguments, '--host and --metrics both say a host: give it once')
  if (metrics.host !== undefined && !isLoopbackHost(metrics.host)) {
    const message = `--metrics ${metrics.host} is not of this machine alone: to let others read, write --host ${metrics.host} --metrics ${metrics.port}`
    throw new Exit(EXIT.badArguments, message)
  }
  const last = metrics.port + processes - 1
  if (metrics.port !== 0 && last > LAST_PORT) {
    const message = `--metrics ${metrics.port} with --processes ${processes} would take the ports up to ${last}, and ${LAST_PORT} is the last there is`
    throw new Exit(EXIT.badArguments, message)
  }
  return { host: host ?? metrics.host ?? LOOPBACK, port: metrics.port }
}

/** The words for the `nth` of several processes: each has a port of its own, one after the other. */
export function withMetricsOf(words: readonly string[], nth: number): readonly string[] {
  return words.map((word, index) => {
    if (words[index - 1] === OPTION) return shifted(word, nth)
    return word.startsWith(`${OPTION}=`) ? `${OPTION}=${shifted(word.slice(OPTION.length + 1), nth)}` : word
  })
}

/** Port 0 is any for each of them. */
function shifted(address: string, by: number): string {
  return address.replace(/[1-9]\d*$/, (port) => String(Number(port) + by))
}

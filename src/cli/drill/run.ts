import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import { prepare } from '../../connect.ts'
import type { BrokerControl, BrokerNode } from '../../drill/broker-control.ts'
import { HistoryWriter } from '../../drill/history-file.ts'
import type { HistoryEvent, Objectives } from '../../drill/history.ts'
import { type DrillPlan, DRILL_CLIENT_OPTIONS } from '../../drill/plan.ts'
import type { DrillResult } from '../../drill/result.ts'
import { type DrillPhase, runDrill } from '../../drill/runner/runner.ts'
import { UnderstudyError } from '../../errors.ts'
import { withCredentials } from '../credentials.ts'
import { EVENTS_FILE, writeDrillFiles, writeDrillFilesApart } from './files.ts'
import { parseFailoverUri } from '../../failover/uri.ts'
import type { Endpoint } from '../../transport/endpoint.ts'
import type { Transport } from '../../transport/transport.ts'

/** A lab as a drill uses it: brokers to hurt, files to keep, and an end. */
export interface DrillLab extends BrokerControl {
  readonly id: string
  /** Copies the brokers' logs and configuration into a folder; returns their names there. */
  collect(directory: string): Promise<string[]>
  /**
   * The whole address of a node that is found at `endpoint`, with what credentials and options it needs. Defaults to
   * the endpoint with the credentials of all.
   */
  addressOf?(node: { readonly name: string; readonly endpoint: string }): string
  down(): Promise<void>
}

export interface DrillRunOptions {
  readonly plan: DrillPlan
  readonly objectives: Objectives
  readonly lab: DrillLab
  readonly transport: Transport
  readonly clock: Clock
  /** The folder for everything that the drill leaves behind; it exists. */
  readonly out: string
  /** The command line that repeats this drill. */
  readonly command: string
  readonly versions: Readonly<Record<string, string>>
  readonly onEvent: (event: HistoryEvent) => void
  readonly onPhase: (phase: DrillPhase) => void
  /** Whether other drills run in this process meanwhile, which judging this one must not hold up. Defaults to false. */
  readonly amongOthers?: boolean
  readonly signal: AbortSignal
}

/**
 * Runs one drill on a lab that is up and writes what it leaves behind: `events.jsonl`, `result.json`,
 * `report.html`, `junit.xml` and the brokers' own files.
 *
 * @throws UnderstudyError `aborted` on `signal`, after healing; `storage` when the folder fills up.
 */
export async function performDrill(options: DrillRunOptions): Promise<DrillResult> {
  const { plan, lab, transport, clock, out, signal } = options
  const events: HistoryEvent[] = []
  const failed = new AbortController()
  const writer = await HistoryWriter.open(join(out, EVENTS_FILE), { clock, onError: (error) => failed.abort(error) })
  const uri = drillUri(lab, plan.clientOptions)
  try {
    await runDrill(
      plan,
      {
        control: lab,
        clock,
        objectives: options.objectives,
        prepare: (observer) => prepare(uri, { observer, clock }),
        probeOf: (node) => ({ transport, endpoint: probeEndpoint(lab, node) }),
        sinks: [(event) => events.push(event), (event) => writer.append(event), options.onEvent],
        onPhase: options.onPhase,
      },
      AbortSignal.any([signal, failed.signal]),
    )
  } catch (error) {
    // The brokers' own words may tell why, and their folder goes with the lab.
    await lab.collect(join(out, 'brokers')).catch(() => [])
    throw error
  } finally {
    await writer.close()
  }
  const files = {
    out,
    command: options.command,
    versions: options.versions,
    settings: lab.settings,
    logs: await lab.collect(join(out, 'brokers')),
  }
  return options.amongOthers ? await writeDrillFilesApart(files) : writeDrillFiles(events, files)
}

/** The failover URI over where clients connect, with the lab's credentials: it is used and never shown. */
export function drillUri(
  lab: BrokerControl & Pick<DrillLab, 'addressOf'>,
  clientOptions: Readonly<Record<string, string>>,
): string {
  const doors = (lab.entrances ?? lab.nodes).map((door) => wholeAddress(lab, door))
  const options = Object.entries({ ...DRILL_CLIENT_OPTIONS, ...lab.clientOptions, ...clientOptions })
  const query = options.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  return `failover:(${doors.join(',')})?${query}`
}

function wholeAddress(
  lab: BrokerControl & Pick<DrillLab, 'addressOf'>,
  door: { readonly name: string; readonly endpoint: string },
): string {
  return lab.addressOf?.(door) ?? withCredentials(door.endpoint, lab.credentials)
}

/** Where a node itself is asked, with the login that it wants. */
export function probeEndpoint(lab: DrillLab, node: BrokerNode): Endpoint {
  const [endpoint] = parseFailoverUri(wholeAddress(lab, node)).endpoints
  if (!endpoint) throw new UnderstudyError('invalid-uri', `node ${node.name} has no endpoint`)
  return endpoint
}

import type { FailoverUri } from '../../failover/uri.ts'
import type { Fault, Prediction } from '../fault.ts'
import { capital } from '../sentence.ts'
import type { Topology } from '../broker-control.ts'
import { clientFindings } from './client-findings.ts'
import { endpointFindings } from './endpoint-findings.ts'
import { type DialOptions, type EndpointReading, readEndpoints } from './endpoint-reading.ts'
import { type Finding, SEVERITIES, type Severity, worstFirst } from './finding.ts'
import { heartbeatFindings } from './heartbeat-findings.ts'
import type { ManagementAddress } from './management-call.ts'
import { managementFindings } from './management-findings.ts'
import { type ManagementReading, readManagement } from './management-reading.ts'
import type { DoctorQuestion } from './doctor-question.ts'
import { type Settings, settingsFindings } from './settings-findings.ts'
import { messageOf, UnderstudyError } from '../../errors.ts'

/** What the settings of a lab say of one of its faults. */
export interface FaultPrediction {
  readonly fault: string
  readonly summary: string
  /** Why it cannot be done here, or null. */
  readonly missing: string | null
  /** How long jobs should not flow, or null where the settings say nothing. */
  readonly predicted: Prediction | null
}

/** What `doctor --json` prints. */
export interface Diagnosis {
  readonly schema: 1
  readonly target: { readonly name: string; readonly endpoints: readonly EndpointReading[] }
  readonly topology: Topology
  readonly counts: Readonly<Record<Severity, number>>
  /** The worst first. */
  readonly findings: readonly Finding[]
  /** What the brokers run with, where it is known. */
  readonly settings: Settings
  /** For a lab; empty for a URI. */
  readonly predictions: readonly FaultPrediction[]
}

export interface DiagnoseOptions extends DialOptions {
  /** As it may be shown. */
  readonly name: string
  readonly uri: FailoverUri
  readonly question: DoctorQuestion
  readonly settings?: Settings
  /** Those of each broker's own file, over `settings`: one that is right hides none that is wrong. Defaults to none. */
  readonly configurations?: readonly Settings[]
  readonly faults?: readonly Fault[]
  readonly management?: ManagementAddress
}

// An overloaded API takes longer for a list of queues than a broker for a handshake.
const MANAGEMENT_SHARE = 5

/**
 * Reads what can be read without hurting anybody: the URI, one handshake with every broker of it, the settings, the
 * management API.
 *
 * @throws UnderstudyError `aborted` on the signal alone; what cannot be read is a finding.
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const { name, uri, question, settings = {}, configurations = [], faults = [], management } = options
  const topology =
    question.topology ?? (uri.endpoints.some(({ scheme }) => scheme.startsWith('amqp')) ? 'quorum' : 'lock')
  const [endpoints, fromManagement, predictions] = await Promise.all([
    readEndpoints(uri.endpoints, options),
    management === undefined ? [] : askManagement(management, options),
    Promise.all(faults.map(toPrediction)),
  ])
  const findings = worstFirst([
    ...endpointFindings(endpoints, topology),
    ...fromManagement,
    ...fromSettings(settings, configurations),
    ...heartbeatFindings(uri, endpoints, question),
    ...clientFindings(uri, topology, question),
  ])
  const count = (severity: Severity): number => findings.filter((one) => one.severity === severity).length
  const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, count(severity)]))
  return {
    schema: 1,
    target: { name, endpoints },
    topology,
    counts: counts as Record<Severity, number>,
    findings,
    settings: Object.assign({}, settings, ...configurations),
    predictions,
  }
}

/** What each file says with the settings beneath it, and what several say once. */
function fromSettings(settings: Settings, configurations: readonly Settings[]): readonly Finding[] {
  const all = configurations.length === 0 ? [settings] : configurations.map((own) => ({ ...settings, ...own }))
  const said = new Map(all.flatMap(settingsFindings).map((finding) => [JSON.stringify(finding), finding]))
  return [...said.values()]
}

async function askManagement(
  address: ManagementAddress,
  { uri, question, withinMs, signal }: DiagnoseOptions,
): Promise<readonly Finding[]> {
  let reading: ManagementReading
  try {
    reading = await readManagement(address, {
      virtualHost: uri.endpoints.find(({ scheme }) => scheme.startsWith('amqp'))?.path || '/',
      queue: question.queue,
      withinMs: withinMs * MANAGEMENT_SHARE,
      signal,
    })
  } catch (error) {
    if (signal.aborted || !(error instanceof UnderstudyError)) throw error
    return [
      {
        severity: 'problem',
        area: 'cluster',
        code: 'management-unread',
        is: `${capital(messageOf(error))}.`,
        why: 'Queues, members, alarms and policies were asked for and not looked at.',
        advice: 'Check --management http://user:password@host:15672.',
      },
    ]
  }
  return managementFindings(reading, question)
}

async function toPrediction(fault: Fault): Promise<FaultPrediction> {
  return {
    fault: fault.name,
    summary: fault.summary,
    missing: (await fault.missing()) ?? null,
    predicted: fault.predicted ?? null,
  }
}

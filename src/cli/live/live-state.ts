import type { Topology } from '../../drill/broker-control.ts'
import { countOf } from '../../drill/checker/exact-durations.ts'
import { doneToIt } from '../../drill/checker/fault-time.ts'
import type { ProbeFinding } from '../../drill/fault.ts'
import type { HistoryEvent } from '../../drill/history.ts'
import { formatSeconds } from '../../drill/report/durations.ts'
import { printableLine } from '../../page/printable.ts'
import type { DrillPhase } from '../../drill/runner/runner.ts'
import { oneServes, wordsOf } from '../../drill/topology.ts'
import { type LatencyTrace, latencyTrace, traceConfirm, traceDue } from './latency-trace.ts'

export interface LiveBroker {
  readonly name: string
  readonly endpoint: string
  /** What was done to it and not yet undone, such as `killed`; null while it is whole. */
  hurt: string | null
  /** What the last probe met; null before the first, and from a heal to the next. */
  finding: ProbeFinding | null
  /** Whether it was hurt before. */
  healed: boolean
  /** False for what is hurt and no broker, such as a database: it stands among them while it is. */
  readonly isBroker: boolean
}

/** The time without a confirm that a fault brought. */
interface LiveOutage {
  /** When the fault took effect: as it was proven, or as a client felt it, whichever came first. */
  fromNs: number
  /** False while `fromNs` is only when the fault was ordered. */
  felt: boolean
  /** Null while it lasts. */
  untilNs: number | null
}

/** What a person watches of a drill. It is written by {@link advance} alone. */
export interface LiveState {
  title: string
  /** Doors to the brokers that are none of them. */
  entrances: readonly { readonly name: string; readonly endpoint: string }[]
  topology: Topology | undefined
  phase: DrillPhase | null
  readonly brokers: LiveBroker[]
  /** Who holds the lock, or the queue. */
  master: string | null
  due: number
  confirmed: number
  failed: number
  /** Deliveries to the listener. */
  received: number
  /** Those of them that were not a job's first. */
  duplicates: number
  acknowledged: number
  fault: {
    readonly node: string
    readonly endpoint: string | null
    readonly done: string
    readonly atNs: number
    /** Null until something proved that it took effect. */
    provenNs: number | null
  } | null
  /** Who held it when the fault came. */
  masterBefore: string | null
  /** Where the last job was confirmed before the fault. */
  servedBefore: string | null
  healedNs: number | null
  outage: LiveOutage | null
  /** Who ended the outage, and how: the new leader of a quorum may not be known yet when jobs flow again. */
  backOn: { readonly name: string; readonly how: 'took over' | 'serves again' | 'passes jobs on again' } | null
  readonly latency: LatencyTrace
  /** Jobs that are neither confirmed nor given up, with where their last attempt went. */
  readonly open: Map<string, { readonly dueNs: number; endpoint: string | null; startNs: number }>
  readonly delivered: Set<string>
}

/** Something worth a line of its own. */
export interface Notice {
  readonly atNs: number
  readonly tone: 'plain' | 'bad' | 'good'
  readonly text: string
}

export function liveState(brokers: readonly { readonly name: string; readonly endpoint: string }[]): LiveState {
  return {
    title: 'drill',
    entrances: [],
    topology: undefined,
    phase: null,
    brokers: brokers.map(({ name, endpoint }) => ({
      name,
      endpoint,
      hurt: null,
      finding: null,
      healed: false,
      isBroker: true,
    })),
    master: null,
    due: 0,
    confirmed: 0,
    failed: 0,
    received: 0,
    duplicates: 0,
    acknowledged: 0,
    fault: null,
    masterBefore: null,
    servedBefore: null,
    healedNs: null,
    outage: null,
    backOn: null,
    latency: latencyTrace(),
    open: new Map(),
    delivered: new Set(),
  }
}

/** Takes one event in, and says what of it is worth a line. The same events always say the same. */
export function advance(state: LiveState, event: HistoryEvent): readonly Notice[] {
  return take(state, event).map(({ atNs, tone, text }) => ({ atNs, tone, text: printableLine(text, 300) }))
}

function take(state: LiveState, event: HistoryEvent): readonly Notice[] {
  switch (event.type) {
    case 'run':
      state.topology = event.topology
      state.entrances = event.entrances ?? []
      state.title = `${event.lab} · ${event.fault} · seed ${event.seed}`
      return plain(
        event.t,
        `drill on ${event.lab}: ${event.fault}, a job every ${event.everyMs} ms, seed ${event.seed}`,
      )
    case 'due':
      state.due += 1
      state.open.set(event.id, { dueNs: event.dueNs, endpoint: null, startNs: event.dueNs })
      traceDue(state.latency, event.dueNs)
      return []
    case 'att': {
      const job = state.open.get(event.id)
      if (job) Object.assign(job, { endpoint: event.endpoint, startNs: event.t })
      return []
    }
    case 'res':
      if (event.outcome === 'ack') return confirmed(state, event)
      feel(state, event.t)
      return []
    case 'giveup':
      if (state.open.delete(event.id)) state.failed += 1
      return []
    case 'dlv':
      state.received += 1
      if (state.delivered.has(event.id)) state.duplicates += 1
      state.delivered.add(event.id)
      return []
    case 'cack':
      return []
    case 'cackok':
      state.acknowledged += 1
      return []
    case 'fault':
      return struck(state, event)
    case 'proof':
      return proven(state, event)
    case 'heal':
      healed(state, event)
      return plain(event.t, `${event.node} healed: ${event.how}`)
    case 'conn':
      return connection(state, event)
    case 'probe':
      brokerOf(state, event.node, event.endpoint).finding = event.finding
      if (event.finding === 'serving' && oneServes(state.topology)) state.master ??= event.node
      return []
    case 'marker':
      return lockMoved(state, event)
    case 'stall': {
      const stood = formatSeconds(event.forNs / 1e6)
      return [{ atNs: event.t, tone: 'bad', text: `this process itself stood still for ${stood}` }]
    }
    case 'stopped':
      return [{ atNs: event.t, tone: 'bad', text: event.why }]
    case 'abort':
      return [{ atNs: event.t, tone: 'bad', text: `aborted: ${event.why}` }]
    case 'drain':
      if (event.ok && event.outstanding === 0) {
        return [{ atNs: event.t, tone: 'good', text: 'drained: every confirmed job was delivered' }]
      }
      return [
        {
          atNs: event.t,
          tone: 'bad',
          text: `${event.ok ? 'drained' : 'drain failed'}: ${countOf(event.outstanding, 'confirmed job')} not delivered`,
        },
      ]
  }
}

/** What a broker does now, in a word or two. */
export function conditionOf(broker: LiveBroker, topology?: Topology, isMaster = false): string {
  if (broker.hurt === 'paused') return broker.isBroker ? 'hung (paused)' : 'paused'
  if (broker.hurt !== null) return broker.hurt
  // It has the lock and does not serve yet: it reads what its predecessor left.
  if (broker.finding === 'refused' && isMaster && oneServes(topology)) return 'taking over'
  if (broker.finding === 'refused' || standsBehindProxy(broker, topology, isMaster)) return wordsOf(topology).refusing
  if (broker.finding === null) return broker.healed ? 'coming back' : 'not seen yet'
  return CONDITIONS[broker.finding]
}

/** Behind a proxy, which accepts on its behalf, one that stands by breaks connections off in place of refusing them. */
function standsBehindProxy({ finding }: LiveBroker, topology: Topology | undefined, isMaster: boolean): boolean {
  return finding === 'reset' && oneServes(topology) && !isMaster
}

/** How the outage ended, in words: `b took over after 0.24 s`. Null while it lasts or where there was none. */
export function recoveryOf({ outage, backOn }: LiveState): string | null {
  if (!outage || outage.untilNs === null || !backOn) return null
  const after = formatSeconds((outage.untilNs - outage.fromNs) / 1e6)
  return `${backOn.name} ${backOn.how} after ${after}`
}

const CONDITIONS: Readonly<Record<Exclude<ProbeFinding, 'refused'>, string>> = {
  serving: 'serving',
  mute: 'hung',
  reset: 'breaks connections off',
  unreachable: 'unreachable',
}

type EventOf<Type extends HistoryEvent['type']> = Extract<HistoryEvent, { readonly type: Type }>

function confirmed(state: LiveState, event: EventOf<'res'>): readonly Notice[] {
  const job = state.open.get(event.id)
  if (!job) return []
  state.open.delete(event.id)
  state.confirmed += 1
  traceConfirm(state.latency, job.dueNs, (event.t - job.dueNs) / 1e6)
  const { outage, fault } = state
  if (!fault) state.servedBefore = job.endpoint
  if (!outage || outage.untilNs !== null || !fault || job.startNs < fault.atNs) return []
  const before = fault.endpoint ?? state.servedBefore
  const elsewhere = job.endpoint !== null && job.endpoint !== before && job.endpoint !== state.servedBefore
  const backHere = state.healedNs !== null && event.t >= state.healedNs
  // A cut connection, a database that was restarted: the same broker goes on without a heal.
  const stillHere = fault.provenNs !== null && job.startNs >= fault.provenNs
  if (!elsewhere && !backHere && !stillHere) return []
  outage.untilNs = event.t
  state.backOn = whoIsBack(state, fault, job.endpoint, elsewhere)
  if (state.backOn.how === 'took over') state.master = state.backOn.name
  return [{ atNs: event.t, tone: 'good', text: `${recoveryOf(state)} (first confirm)` }]
}

/** Where every node serves, a confirm through another one does not tell who took over: the markers do. */
function whoIsBack(
  { topology, master, masterBefore, healedNs, brokers, entrances }: LiveState,
  fault: NonNullable<LiveState['fault']>,
  endpoint: string | null,
  elsewhere: boolean,
): NonNullable<LiveState['backOn']> {
  if (topology === 'home-node') return { name: fault.node, how: 'serves again' }
  // Before the heal the old leader's loss may not be told yet, or it was never lost: then only the way was.
  const isOld = master === masterBefore
  const byAnotherWay = isOld && healedNs === null && endpoint !== fault.endpoint
  if (topology === 'quorum' && master !== null && !byAnotherWay)
    return { name: master, how: isOld ? 'serves again' : 'took over' }
  const name = [...brokers, ...entrances].find((door) => door.endpoint === endpoint)?.name ?? 'a broker'
  if (topology === 'quorum') return { name, how: 'passes jobs on again' }
  return { name, how: elsewhere ? 'took over' : 'serves again' }
}

// The proof may come in after the recovery: it asks more than once to be sure.
function feel({ outage }: LiveState, atNs: number): void {
  if (!outage) return
  outage.fromNs = outage.felt ? Math.min(outage.fromNs, atNs) : atNs
  outage.felt = true
}

function struck(state: LiveState, event: EventOf<'fault'>): readonly Notice[] {
  state.fault = { node: event.node, endpoint: event.endpoint, done: doneToIt(event), atNs: event.t, provenNs: null }
  state.masterBefore = state.master
  // Only the loss of the broker that serves, of the one that jobs go through, or of what all of them lean on can keep
  // jobs from being confirmed.
  const { master, servedBefore } = state
  if (master === null || master === event.node || event.endpoint === null || event.endpoint === servedBefore)
    state.outage = { fromNs: event.t, felt: false, untilNs: null }
  return [{ atNs: event.t, tone: 'bad', text: `fault: ${event.name} ${event.node}` }]
}

function proven(state: LiveState, event: EventOf<'proof'>): readonly Notice[] {
  const broker = brokerOf(state, event.node)
  broker.hurt = state.fault?.done ?? null
  if (state.fault) state.fault.provenNs = event.effectiveNs
  feel(state, event.effectiveNs)
  // One that is gone has no lock; of any other the brokers' own markers tell.
  if ((broker.hurt === 'killed' || broker.hurt === 'stopped') && state.master === event.node) state.master = null
  return [{ atNs: event.t, tone: 'bad', text: `fault proven: ${event.proof.join(', ')}` }]
}

function healed(state: LiveState, event: EventOf<'heal'>): void {
  state.healedNs = event.t
  const broker = brokerOf(state, event.node)
  // What it met while it was hurt says nothing any more.
  Object.assign(broker, { hurt: null, finding: null, healed: true })
  if (!broker.isBroker) state.brokers.splice(state.brokers.indexOf(broker), 1)
}

function connection(state: LiveState, event: EventOf<'conn'>): readonly Notice[] {
  if (event.state === 'interrupted' || event.state === 'failed') feel(state, event.t)
  if (event.client !== 'producer') return []
  const where =
    [...state.brokers, ...state.entrances].find((door) => door.endpoint === event.endpoint)?.name ??
    event.endpoint ??
    'a broker'
  const because = event.reason === null ? '' : ` (${event.reason})`
  switch (event.state) {
    case 'connected':
    case 'resumed':
      return plain(event.t, `producer connected to ${where}`)
    case 'interrupted':
      return [{ atNs: event.t, tone: 'bad', text: `producer lost ${where}${because}` }]
    case 'failed':
      return [{ atNs: event.t, tone: 'bad', text: `producer gave up${because}` }]
    case 'blocked':
      return [{ atNs: event.t, tone: 'bad', text: `${where} reads no more jobs${because}` }]
    case 'unblocked':
      return plain(event.t, `${where} reads jobs again`)
    case 'attempt-failed':
    case 'closed':
      return []
  }
}

function lockMoved(state: LiveState, event: EventOf<'marker'>): readonly Notice[] {
  const words = wordsOf(state.topology)
  if (event.kind === words.lost) {
    if (event.node !== null && state.master !== event.node) return []
    state.master = null
    return words.left === null ? [] : [{ atNs: event.t, tone: 'bad', text: `${words.left} (${event.source})` }]
  }
  // Several sources tell of the same change, and a poll may see it more than once.
  if (event.node === null || state.master === event.node) return []
  state.master = event.node
  return plain(event.t, `${words.moved} ${event.node} (${event.source})`)
}

function brokerOf(state: LiveState, name: string, endpoint = ''): LiveBroker {
  const known = state.brokers.find((broker) => broker.name === name)
  if (known) return known
  const isBroker = endpoint !== ''
  const broker: LiveBroker = { name, endpoint, hurt: null, finding: null, healed: false, isBroker }
  state.brokers.push(broker)
  return broker
}

function plain(atNs: number, text: string): readonly Notice[] {
  return [{ atNs, tone: 'plain', text }]
}

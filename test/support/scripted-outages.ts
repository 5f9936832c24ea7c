import { MemoryBrokers } from '../../adapters/memory/brokers.ts'
import { memoryTransport } from '../../adapters/memory/transport.ts'
import type { Clock } from '../../src/clock.ts'
import { prepare } from '../../src/connect.ts'
import type { Connection } from '../../src/connection.ts'
import type { BrokerControl, BrokerNode } from '../../src/drill/broker-control.ts'
import type { Fault } from '../../src/drill/fault.ts'
import type { HistoryEvent } from '../../src/drill/history.ts'
import type { AbortConditions } from '../../src/drill/plan.ts'
import { ArticleProducer } from '../../src/drill/threshold/article-producer.ts'
import {
  runTrial,
  type TrialBench,
  type TrialEnd,
  type TrialPlan,
  type TrialSettings,
} from '../../src/drill/threshold/trial.ts'
import { Recording } from '../../src/drill/runner/recording.ts'
import { runDrill } from '../../src/drill/runner/runner.ts'
import type { ProducerObserver } from '../../src/producer/producer.ts'
import { parseFailoverUri } from '../../src/failover/uri.ts'
import { memoryBroker } from '../../src/testing/memory-broker.ts'
import { FakeClock, settled } from './fake-clock.ts'

/** A time in which the broker is down, in milliseconds from when the first one begins. */
export interface ScriptedDown {
  readonly fromMs: number
  readonly untilMs: number
}

export interface ScriptedDrill {
  readonly everyMs: number
  readonly seed: number
  readonly downs: readonly ScriptedDown[]
  /** From one dial of the client that has no broker to the next, in milliseconds. */
  readonly redialMs: number
  /** Times in which the broker keeps its confirms to itself. Defaults to none. */
  readonly holds?: readonly ScriptedDown[]
  /** Defaults to none. */
  readonly abort?: AbortConditions
  /** What heals, with the signal that the fault was aimed with. Defaults to nothing to undo. */
  readonly heal?: (signal: AbortSignal, clock: Clock) => Promise<string | undefined>
  /** What proves the fault, with the same signal. Defaults to a proof at once. */
  readonly proof?: (signal: AbortSignal, clock: Clock) => Promise<string | undefined>
  /** When the drill's own process stands still, from when the first down begins, and for how long. Defaults to never. */
  readonly stall?: { readonly atMs: number; readonly forMs: number }
  /** So many jobs go elsewhere from that one on, and are confirmed all the same. Defaults to none. */
  readonly strays?: { readonly from: number; readonly count: number }
  /** Defaults to `after-hold`. */
  readonly heals?: Fault['heals']
}

/** What `work` comes to, with the clock moved on from timer to timer until then. */
async function onward<Value>(clock: FakeClock, work: Promise<Value>): Promise<Value> {
  let over = false
  const end = (): void => {
    over = true
  }
  work.then(end, end)
  for (;;) {
    await settled()
    if (over) return work
    const next = clock.nextIn
    if (next !== undefined) await clock.advance(next)
  }
}

let runs = 0

/** The history of a real drill, runner and client, on a broker in memory that is down exactly as the script says. */
export async function drillByScript(script: ScriptedDrill): Promise<readonly HistoryEvent[]> {
  const name = `scripted-${runs++}`
  const broker = memoryBroker(name)
  const clock = new FakeClock()
  const events: HistoryEvent[] = []
  const options = `randomize=false&heartbeat=0&initialReconnectDelay=${script.redialMs}&useExponentialBackOff=false`
  const uri = `failover:(memory:${name})?${options}&retryThreshold=600000`
  const [endpoint] = parseFailoverUri(uri).endpoints
  if (!endpoint) throw new Error('no endpoint')
  const control = scriptedControl(name, script, clock)
  const lastsMs = Math.max(...script.downs.map(({ untilMs }) => untilMs))
  const plan = {
    fault: 'kill',
    everyMs: script.everyMs,
    destination: 'queue://scripted',
    seed: script.seed,
    // The script brings the broker back by itself: the heal comes later and finds nothing to do.
    holdMs: lastsMs + 1000,
    windowMs: 1000,
    clientOptions: {},
    prefetch: 100,
    ...(script.abort ? { abort: script.abort } : {}),
  }
  try {
    await onward(
      clock,
      runDrill(
        plan,
        {
          control,
          clock,
          objectives: { windowMs: 1000 },
          prepare: async (observer) => straying(await prepare(uri, { observer, clock }), script),
          probeOf: () => ({ transport: memoryTransport(undefined, clock), endpoint }),
          sinks: [(event) => events.push(event)],
          onPhase: () => undefined,
        },
        new AbortController().signal,
      ),
    )
  } finally {
    broker.reset()
  }
  return events
}

/** The same client, some of whose sends go to a queue that nobody listens to. */
function straying(client: Connection, { strays }: ScriptedDrill): Connection {
  if (strays === undefined) return client
  let sends = 0
  return new Proxy(client, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'send') return value.bind(target)
      return (...[destination, ...rest]: Parameters<Connection['send']>): Promise<unknown> => {
        const nth = sends++ - strays.from
        return target.send(nth >= 0 && nth < strays.count ? 'queue://elsewhere' : destination, ...rest)
      }
    },
  })
}

/** One trial of a threshold search on such a broker. */
export async function trialByScript(script: ScriptedDrill, plan: TrialPlan): Promise<TrialEnd> {
  return await onScriptedBench(script, (bench, settings) =>
    runTrial(plan, settings, bench, new AbortController().signal),
  )
}

/** What `work` comes to on such a broker, as trials find it. */
export async function onScriptedBench<Value>(
  script: ScriptedDrill,
  work: (bench: TrialBench, settings: TrialSettings) => Promise<Value>,
): Promise<Value> {
  const name = `scripted-${runs++}`
  const broker = memoryBroker(name)
  const clock = new FakeClock()
  const options = `randomize=false&heartbeat=0&initialReconnectDelay=${script.redialMs}&useExponentialBackOff=false`
  const uri = `failover:(memory:${name})?${options}&timeout=200`
  const { endpoints } = parseFailoverUri(`failover:(memory:${name})?connectTimeout=1000&heartbeat=0`)
  const [endpoint] = endpoints
  if (!endpoint) throw new Error('no endpoint')
  let stoodStillMs = 0
  const stalling: Clock = {
    now: () => clock.now() + stoodStillMs,
    wallTime: () => clock.wallTime() + stoodStillMs,
    after: (delayMs, action) => clock.after(delayMs, action),
  }
  const onFault = ({ atMs, forMs }: NonNullable<ScriptedDrill['stall']>): void => {
    clock.after(atMs, () => {
      stoodStillMs += forMs
    })
  }
  const control = scriptedControl(name, script, clock, () => script.stall && onFault(script.stall))
  const lastsMs = Math.max(...script.downs.map(({ untilMs }) => untilMs))
  const bench = {
    control,
    clock: stalling,
    transport: memoryTransport(undefined, stalling),
    prepare: (observer?: ProducerObserver) => prepare(uri, { clock: stalling, ...(observer ? { observer } : {}) }),
    endpoints,
    probeOf: () => ({ transport: memoryTransport(undefined, stalling), endpoint }),
  }
  const settings = { fault: 'kill', everyMs: script.everyMs, jobEveryMs: 100, deadlineMs: 1000, holdMs: lastsMs + 1000 }
  try {
    return await onward(clock, work(bench, settings))
  } finally {
    broker.reset()
  }
}

function scriptedControl(
  name: string,
  script: ScriptedDrill,
  clock: FakeClock,
  onFault: () => void = () => undefined,
): BrokerControl {
  const { downs, holds = [], heal = () => Promise.resolve(undefined) } = script
  const broker = memoryBroker(name)
  const node: BrokerNode = { name: 'a', product: 'memory', host: name, port: 0, endpoint: `memory://${name}` }
  const nothing = (): Promise<void> => Promise.resolve()
  const fault: Fault = {
    name: 'kill',
    summary: 'the script',
    expects: 'service',
    heals: script.heals ?? 'after-hold',
    predicted: undefined,
    missing: () => Promise.resolve(undefined),
    aim: ({ signal }) =>
      Promise.resolve({
        target: 'a',
        endpoint: node.endpoint,
        done: 'killed',
        finding: 'refused',
        inject: () => {
          onFault()
          for (const { fromMs, untilMs } of downs) {
            if (fromMs === 0) broker.stop()
            else clock.after(fromMs, () => broker.stop())
            clock.after(untilMs, () => broker.restart())
          }
          for (const { fromMs, untilMs } of holds) {
            clock.after(fromMs, () => broker.holdConfirms())
            clock.after(untilMs, () => broker.releaseConfirms())
          }
          return nothing()
        },
        proof: () => (script.proof ? script.proof(signal, clock) : Promise.resolve('the script began')),
        heal: () => heal(signal, clock),
      }),
  }
  return {
    lab: 'scripted',
    topology: 'lock',
    nodes: [node],
    faults: [fault],
    credentials: undefined,
    slowestPeriodMs: 97,
    slowestTakeoverMs: 1000,
    settings: {},
    files: [],
    active: () => Promise.resolve('a'),
    state: () => 'running',
    kill: nothing,
    stop: nothing,
    pause: nothing,
    resume: nothing,
    start: nothing,
    watch: () => Promise.resolve({ close: nothing }),
  }
}

/**
 * How many jobs of the source article's producer fail when it really runs, pausing `retryAfterMs`, with a broker that is
 * down as the script says, `leadMs` after the first job fell due.
 */
export async function failuresByScript(
  { everyMs, downs }: Pick<ScriptedDrill, 'everyMs' | 'downs'>,
  leadMs: number,
  retryAfterMs: number,
): Promise<number> {
  const clock = new FakeClock()
  const brokers = new MemoryBrokers(clock)
  const broker = memoryBroker('a', brokers)
  let failed = 0
  const producer = new ArticleProducer({
    runId: 'run',
    transport: memoryTransport(brokers, clock),
    endpoints: parseFailoverUri('failover:(memory:a)?connectTimeout=1000&heartbeat=0').endpoints,
    destination: { kind: 'queue', name: 'scripted' },
    everyMs,
    retryAfterMs,
    confirmTimeoutMs: 1000,
    clock,
    recording: new Recording(clock, [
      (event) => {
        if (event.type === 'giveup') failed++
      },
    ]),
  })
  producer.start()
  for (const { fromMs, untilMs } of downs) {
    clock.after(leadMs + fromMs, () => broker.stop())
    clock.after(leadMs + untilMs, () => broker.restart())
  }
  await clock.advance(leadMs + Math.max(...downs.map(({ untilMs }) => untilMs)) + everyMs)
  await onward(clock, producer.finish())
  return failed
}

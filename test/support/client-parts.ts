/** The client's parts put together over a scripted transport and a clock that the test owns. */
import assert from 'node:assert/strict'
import type { Random } from '../../src/clock.ts'
import { Connection } from '../../src/connection.ts'
import { SendError } from '../../src/errors.ts'
import { FailoverSession } from '../../src/failover/session.ts'
import { StatusBroadcast, type StatusEvent } from '../../src/failover/status.ts'
import { type FailoverUri, parseFailoverUri } from '../../src/failover/uri.ts'
import { type Logger, silentLogger } from '../../src/logger.ts'
import { Producer, type ProducerObserver } from '../../src/producer/producer.ts'
import type { OutgoingMessage } from '../../src/transport/message.ts'
import { FakeClock, settled } from './fake-clock.ts'
import { type ScriptedLink, ScriptedTransport } from './scripted-transport.ts'

/** Never shortens a delay. Lists keep their order by `randomize=false`. */
const steadyRandom: Random = () => 0

export interface PartsOptions {
  readonly uri?: string
  readonly random?: Random
  readonly logger?: Logger
  readonly clock?: FakeClock
  readonly transport?: ScriptedTransport
  readonly observer?: ProducerObserver
}

export interface Parts {
  readonly uri: FailoverUri
  readonly clock: FakeClock
  readonly transport: ScriptedTransport
  readonly status: StatusBroadcast
  /** Everything that was reported, in order. */
  readonly events: StatusEvent[]
  readonly random: Random
  readonly logger: Logger
  readonly observer: ProducerObserver | undefined
}

export const TWO = 'failover:(stomp://a,stomp://b)?randomize=false&jitter=0'

export function parts(options: PartsOptions = {}): Parts {
  const status = new StatusBroadcast()
  const events: StatusEvent[] = []
  status.observe((event) => events.push(event))
  return {
    uri: parseFailoverUri(options.uri ?? TWO),
    clock: options.clock ?? new FakeClock(),
    transport: options.transport ?? new ScriptedTransport(),
    status,
    events,
    random: options.random ?? steadyRandom,
    logger: options.logger ?? silentLogger,
    observer: options.observer,
  }
}

export function sessionOf(of: Parts, role: 'producer' | 'listener' = 'producer'): FailoverSession {
  const { uri, clock, transport, random, logger, status } = of
  return new FailoverSession({ role, uri, transportOf: () => transport, clock, random, logger, status })
}

export interface ProducerParts extends Parts {
  readonly session: FailoverSession
  readonly producer: Producer
}

export function producerParts(options: PartsOptions = {}): ProducerParts {
  const of = parts(options)
  const session = sessionOf(of)
  const producer = new Producer({
    session,
    failover: of.uri.options,
    clock: of.clock,
    ...(of.observer ? { observer: of.observer } : {}),
  })
  return { ...of, session, producer }
}

/** A producer whose first link is up. */
export async function connectedProducer(
  options: PartsOptions = {},
): Promise<ProducerParts & { readonly link: ScriptedLink }> {
  const of = producerParts(options)
  of.session.open()
  await settled()
  return { ...of, link: of.transport.last }
}

export function connectionOf(of: Parts): Connection {
  const { uri, transport, clock, random, logger, observer } = of
  return new Connection({
    uri,
    transportOf: () => transport,
    clock,
    random,
    logger,
    ...(observer ? { observer } : {}),
  })
}

export function message(id: string, body: string | Buffer = 'x'): OutgoingMessage {
  return {
    id,
    destination: { kind: 'queue', name: 'jobs' },
    body: Buffer.from(body),
    contentType: undefined,
    headers: {},
    persistent: true,
    priority: undefined,
    expiresAtMs: undefined,
    deliverAtMs: undefined,
    correlationId: undefined,
    replyTo: undefined,
  }
}

/** How a promise ended, without waiting longer than it takes promises to settle. */
export type Ending =
  | { readonly kind: 'pending' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; error: Error }

/** Watches a promise from now on, so that it can be asked later and is never an unhandled rejection. */
export function watch(promise: Promise<unknown>): { readonly ending: () => Ending } {
  let ending: Ending = { kind: 'pending' }
  promise.then(
    () => {
      ending = { kind: 'done' }
    },
    (error: Error) => {
      ending = { kind: 'failed', error }
    },
  )
  return { ending: () => ending }
}

/** The error that a watched promise failed with. */
export function failureOf(watched: { readonly ending: () => Ending }): SendError {
  const ending = watched.ending()
  assert.ok(ending.kind === 'failed' && ending.error instanceof SendError, `it ended as ${ending.kind}`)
  return ending.error
}

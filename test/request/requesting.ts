/** A connection whose requests and replies the test sees and writes itself. */
import assert from 'node:assert/strict'
import { Connection } from '../../src/connection.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { IncomingMessage, OutgoingMessage } from '../../src/transport/message.ts'
import { type Parts, type PartsOptions, parts } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import type { ScriptedLink, ScriptedSubscription } from '../support/scripted-transport.ts'

interface Given extends PartsOptions {
  readonly maxOpenRequests?: number
  /** Whether sends are confirmed as they come. Defaults to true. */
  readonly confirms?: boolean
  readonly before?: (of: Parts) => void
}

export interface Requesting extends Parts {
  readonly connection: Connection
  /** The link that sends go over. */
  readonly producer: () => ScriptedLink
  /** The subscription to a destination, the latest one on the latest link. */
  readonly subscription: (name?: string) => ScriptedSubscription
  /** What was sent to a destination of this name. */
  readonly sentTo: (name: string) => OutgoingMessage[]
  /** Delivers a reply to the queue that `request` names. */
  readonly reply: (request: OutgoingMessage, body: unknown, given?: ReplyGiven) => void
}

interface ReplyGiven {
  readonly kind?: string
  readonly from?: string
  readonly sequence?: number
  readonly overrides?: Partial<IncomingMessage>
}

export async function requesting(given: Given = {}): Promise<Requesting> {
  const of = parts(given)
  const { confirms = true, maxOpenRequests } = given
  of.transport.onLink = (link) => {
    link.confirms = confirms
  }
  given.before?.(of)
  const { uri, transport, clock, random, logger } = of
  const connection = new Connection({
    uri,
    transportOf: () => transport,
    clock,
    random,
    logger,
    ...(maxOpenRequests === undefined ? {} : { maxOpenRequests }),
  })
  connection.observe((event) => of.events.push(event))
  await connection.connected()
  const subscription = (name = 'understudy.reply'): ScriptedSubscription => {
    const all = transport.links.filter(({ over }) => !over).flatMap(({ subscriptions }) => subscriptions)
    const found = all.findLast(({ destination }) => destination.name.startsWith(name))
    assert.ok(found, `nothing listens on ${name}`)
    return found
  }
  let replies = 0
  return {
    ...of,
    connection,
    producer: () => {
      const link = transport.links.find(({ over, subscriptions }) => !over && subscriptions.length === 0)
      assert.ok(link)
      return link
    },
    subscription,
    sentTo: (name) =>
      transport.links
        .flatMap(({ sent }) => sent.map(({ message }) => message))
        .filter(({ destination }) => destination.name === name),
    reply: (request, body, { kind, from, sequence, overrides } = {}) => {
      assert.ok(request.replyTo)
      const headers = {
        ...(kind === undefined ? {} : { 'understudy-reply': kind }),
        ...(from === undefined ? {} : { 'understudy-reply-from': from }),
        ...(sequence === undefined ? {} : { 'understudy-reply-sequence': String(sequence) }),
      }
      replies++
      subscription(request.replyTo.name).deliver(overrides?.id ?? `reply-${replies}`, {
        body: Buffer.from(JSON.stringify(body)),
        correlationId: request.correlationId,
        headers,
        ...overrides,
      })
    },
  }
}

/** The one request that was sent to a destination. */
export async function requestTo(of: Requesting, name = 'work'): Promise<OutgoingMessage> {
  await settled()
  const message = of.sentTo(name).at(-1)
  assert.ok(message, `nothing was sent to ${name}`)
  return message
}

export const withCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof UnderstudyError && error.code === code

import type { Clock, Timer } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { Html } from '../../page/html.ts'
import type { Role } from '../access/visitor.ts'
import { eventBytes, EventStream, STILL_HERE } from './event-stream.ts'

/** A part of a page that changes by itself: the inside of the element with this id. */
export interface Fragment {
  readonly id: string
  readonly inside: Html
}

/**
 * Renders the parts of a page as they are now, for who may do as much as this; `of` says what of it, such as the id of a
 * failure, and is whatever somebody wrote. Must not wait for brokers.
 */
export type FragmentRenderer = (role: Role, of: string) => readonly Fragment[] | Promise<readonly Fragment[]>

/** The same for what is known at once. */
export type CommonRenderer = (role: Role) => readonly Fragment[]

export interface LiveFeedOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** How many streams may be open. Defaults to 200. */
  readonly mostStreams?: number
}

const MOST_STREAMS = 200
// What has just lost its broker has better to do than to tell those who look, and often has another before this is over.
// So it is at most four a second too, whatever changes; and there is a look once a second, whatever does not.
const SETTLES_MS = 250
const URGENT_SETTLES_MS = 100
const TICK_MS = 1000
const KEEP_ALIVE_MS = 15_000

/** All who look at one page with one role: it is rendered once for all of them. */
interface Channel {
  readonly key: string
  readonly page: string
  readonly of: string
  readonly role: Role
  readonly streams: Set<EventStream>
  /** What was sent last of each fragment, without what its times say in words. */
  readonly sent: Map<string, string>
  readonly current: Map<string, Uint8Array>
  renderedAt: number
  spokeAt: number
  timer: Timer | undefined
  /** When what changed is to be told; `Infinity` where nothing did since it was rendered. */
  dueAt: number
  isRendering: boolean
  /** Whether the last attempt to render it failed, which is logged once and not a second after another. */
  hasFailed: boolean
}

/** Sends the parts of pages that changed to those who look at them. */
export class LiveFeed {
  readonly #options: LiveFeedOptions
  readonly #renderers = new Map<string, FragmentRenderer>()
  readonly #channels = new Map<string, Channel>()
  #onEveryPage: CommonRenderer = () => []
  #writes = 0
  #closed = false

  constructor(options: LiveFeedOptions) {
    this.#options = options
  }

  /** What renders the live parts of a page, whose name `page()` is given as `live`. */
  register(page: string, render: FragmentRenderer): void {
    this.#renderers.set(page, render)
  }

  /** What every live page has beside its own parts. */
  registerCommon(render: CommonRenderer): void {
    this.#onEveryPage = render
  }

  get streams(): number {
    let count = 0
    for (const { streams } of this.#channels.values()) count += streams.size
    return count
  }

  /**
   * Something that pages show has changed: who looks hears of it a quarter of a second later, and after a tenth of what is
   * urgent and rare, such as a new master.
   */
  changed(isUrgent = false): void {
    const at = this.#options.clock.now() + (isUrgent ? URGENT_SETTLES_MS : SETTLES_MS)
    for (const channel of this.#channels.values()) {
      // A page that waits for its store must not keep back who is master.
      if (channel.isRendering) this.#tellCommon(channel)
      this.#want(channel, at)
    }
  }

  /** How often a visitor has changed something: what was looked up before the latest of these shows it as it was. */
  get writes(): number {
    return this.#writes
  }

  /** A visitor has changed something: no page is shown again what was rendered before. */
  wrote(): void {
    this.#writes++
    for (const channel of this.#channels.values()) {
      channel.current.clear()
      channel.sent.clear()
      this.#want(channel, channel.renderedAt + SETTLES_MS)
    }
  }

  /**
   * A stream of what changes on a page; undefined where there is no such page, or too many look already. `cutOff` cuts
   * the connection of a reader that is too slow.
   */
  open(
    page: string,
    role: Role,
    isAllowed: () => boolean,
    of = '',
    cutOff?: () => void,
  ): ReadableStream<Uint8Array> | undefined {
    const { clock, mostStreams = MOST_STREAMS } = this.#options
    if (this.#closed || !this.#renderers.has(page) || this.streams >= mostStreams) return undefined
    const channel = this.#channelOf(page, role, of)
    const stream = new EventStream({ isAllowed, cutOff, onEnd: () => this.#left(channel, stream) })
    channel.streams.add(stream)
    stream.write(eventBytes('time', String(clock.wallTime())))
    for (const event of channel.current.values()) stream.write(event)
    this.#want(channel, channel.renderedAt + SETTLES_MS)
    return stream.readable
  }

  /** Ends all streams that are open now. */
  endStreams(): void {
    for (const channel of this.#channels.values()) for (const stream of channel.streams) stream.end()
  }

  /** Ends all streams, for good. */
  close(): void {
    this.#closed = true
    this.endStreams()
  }

  #channelOf(page: string, role: Role, of: string): Channel {
    const key = `${page} ${role} ${of}`
    let channel = this.#channels.get(key)
    if (!channel) {
      channel = {
        key,
        page,
        of,
        role,
        streams: new Set(),
        sent: new Map(),
        current: new Map(),
        renderedAt: Number.NEGATIVE_INFINITY,
        spokeAt: this.#options.clock.now(),
        timer: undefined,
        dueAt: Number.POSITIVE_INFINITY,
        isRendering: false,
        hasFailed: false,
      }
      this.#channels.set(key, channel)
    }
    return channel
  }

  #left(channel: Channel, stream: EventStream): void {
    channel.streams.delete(stream)
    if (channel.streams.size > 0) return
    channel.timer?.cancel()
    this.#channels.delete(channel.key)
  }

  #want(channel: Channel, at: number): void {
    channel.dueAt = Math.min(channel.dueAt, at)
    this.#schedule(channel)
  }

  #schedule(channel: Channel): void {
    if (this.#closed || channel.isRendering || channel.streams.size === 0) return
    const { clock } = this.#options
    channel.timer?.cancel()
    const at = Math.min(channel.dueAt, channel.renderedAt + TICK_MS)
    channel.timer = clock.after(Math.max(0, at - clock.now()), () => void this.#render(channel))
  }

  async #render(channel: Channel): Promise<void> {
    const { clock, logger } = this.#options
    channel.isRendering = true
    channel.dueAt = Number.POSITIVE_INFINITY
    channel.renderedAt = clock.now()
    const writes = this.#writes
    try {
      this.#tellCommon(channel)
      const own = (await this.#renderers.get(channel.page)?.(channel.role, channel.of)) ?? []
      // Otherwise it is of before, and it is wanted anew.
      if (writes === this.#writes) for (const { id, inside } of own) this.#send(channel, id, inside.markup)
      channel.hasFailed = false
    } catch (error) {
      const fields = { page: channel.page, error: messageOf(error) }
      if (!channel.hasFailed) logger.warn(fields, 'the live parts of a page could not be rendered')
      channel.hasFailed = true
    }
    if (clock.now() - channel.spokeAt >= KEEP_ALIVE_MS) {
      channel.spokeAt = clock.now()
      for (const stream of channel.streams) stream.write(STILL_HERE)
    }
    for (const stream of channel.streams) stream.check()
    channel.isRendering = false
    this.#schedule(channel)
  }

  #tellCommon(channel: Channel): void {
    for (const { id, inside } of this.#onEveryPage(channel.role)) this.#send(channel, id, inside.markup)
  }

  #send(channel: Channel, id: string, markup: string): void {
    const told = withoutWordsOfTime(markup)
    if (channel.sent.get(id) === told) return
    channel.sent.set(id, told)
    const event = eventBytes('fragment', JSON.stringify({ id, html: markup }))
    channel.current.set(id, event)
    channel.spokeAt = this.#options.clock.now()
    for (const stream of channel.streams) stream.write(event)
  }
}

/** That `3 s ago` became `4 s ago` is no change: the page counts by itself. */
function withoutWordsOfTime(markup: string): string {
  return markup.replaceAll(/(<time [^>]*>)[^<]*/g, '$1')
}

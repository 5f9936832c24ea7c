import { randomUUID } from 'node:crypto'
import type { UnderstudyError } from '../../src/errors.ts'
import { parseState } from '../../src/jobs/results/state-text.ts'
import type { JobState } from '../../src/jobs/results/results.ts'
import { slices } from '../../src/jobs/slices.ts'
import { inboxChannel, readStates } from './keys.ts'
import type { ValkeyLink } from './link.ts'

interface Followed {
  readonly take: (state: JobState) => void
  readonly ended: (error: UnderstudyError) => void
  /** After a reconnect the same is read again. */
  last: string | undefined
}

// A thousand keys in one question.
const READ_AT_A_TIME = 500

/**
 * What this process hears of the jobs that it made: all over one channel of its own, which their messages name as their
 * reply destination. So a job costs the server no subscription.
 */
export class Inbox {
  /** The name by which workers know the channel. */
  readonly replyTo: string
  readonly #channel: string
  readonly #followed = new Map<string, Followed>()
  #attached: { readonly link: ValkeyLink; readonly done: Promise<void>; isDone: boolean } | undefined
  /** What is heard while it is read what was missed. */
  #early: (readonly [jobId: string, text: string])[] | undefined

  constructor() {
    this.replyTo = `topic://understudy.results.${randomUUID()}`
    this.#channel = inboxChannel(this.replyTo) ?? ''
  }

  get size(): number {
    return this.#followed.size
  }

  /** Whether what is told now is heard. */
  get isOpen(): boolean {
    return this.#attached !== undefined && this.#attached.isDone && !this.#attached.link.isLost
  }

  follow(jobId: string, take: Followed['take'], ended: Followed['ended']): { close(): void } {
    const followed: Followed = { take, ended, last: undefined }
    this.#followed.set(jobId, followed)
    return {
      close: () => {
        if (this.#followed.get(jobId) === followed) this.#followed.delete(jobId)
      },
    }
  }

  /** Listens on that connection; after a lost one, reads what was told meanwhile. */
  async attach(link: ValkeyLink): Promise<void> {
    if (this.#attached?.link !== link) {
      const attached = { link, done: this.#listen(link, this.#attached !== undefined), isDone: false }
      this.#attached = attached
      attached.done.then(
        () => (attached.isDone = true),
        () => {},
      )
    }
    const { done } = this.#attached
    try {
      await done
    } catch (error) {
      // It may be tried again on the same connection.
      if (this.#attached?.done === done) this.#attached = undefined
      throw error
    }
  }

  /** There is nothing more to hear. */
  end(error: UnderstudyError): void {
    this.#attached = undefined
    const all = [...this.#followed.values()]
    this.#followed.clear()
    for (const { ended } of all) ended(error)
  }

  async #listen(link: ValkeyLink, isAgain: boolean): Promise<void> {
    const early: (readonly [string, string])[] = []
    this.#early = early
    // In this order nothing is missed. What is read may be among what was heard meanwhile, or before it.
    await link.ask((client) => client.subscribe(this.#channel, (message) => this.#hear(message)))
    const read = isAgain ? await this.#readAll(link) : []
    this.#early = undefined
    const heard = new Set(early.map(([jobId, text]) => `${jobId}\n${text}`))
    for (const [jobId, text] of read) if (!heard.has(`${jobId}\n${text}`)) this.#tell(jobId, text)
    for (const [jobId, text] of early) this.#tell(jobId, text)
  }

  async #readAll(link: ValkeyLink): Promise<(readonly [string, string])[]> {
    const found: (readonly [string, string])[] = []
    for (const ids of slices([...this.#followed.keys()], READ_AT_A_TIME)) found.push(...(await readStates(link, ids)))
    return found
  }

  /** The job's id, a line's end, the state. */
  #hear(message: string): void {
    const end = message.indexOf('\n')
    if (end < 0) return
    const heard = [message.slice(0, end), message.slice(end + 1)] as const
    if (this.#early) this.#early.push(heard)
    else this.#tell(...heard)
  }

  #tell(jobId: string, text: string): void {
    const followed = this.#followed.get(jobId)
    if (followed === undefined || followed.last === text) return
    followed.last = text
    let state: JobState
    try {
      state = parseState(jobId, text)
    } catch {
      // Somebody else's message on our channel.
      return
    }
    if (state.kind !== 'progress') this.#followed.delete(jobId)
    followed.take(state)
  }
}

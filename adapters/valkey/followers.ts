import type { UnderstudyError } from '../../src/errors.ts'
import { parseState } from '../../src/jobs/results/state-text.ts'
import type { JobState } from '../../src/jobs/results/results.ts'
import { channelOf, readState } from './keys.ts'
import type { ValkeyLink } from './link.ts'

/** Somebody who wants to hear of a job. */
export interface Follower {
  readonly jobId: string
  /** Listens on that connection, and tells what is known already. */
  attach(link: ValkeyLink): Promise<void>
  /** Tells nothing any more. */
  close(): void
  /** Tells that there is nothing more to hear. */
  end(error: UnderstudyError): void
}

/** `onClose` is called once, when there is nothing more to hear or nobody wants to. */
export function follower(
  jobId: string,
  take: (state: JobState) => void,
  ended: (error: UnderstudyError) => void,
  onClose: () => void,
): Follower {
  let attached: { readonly link: ValkeyLink; readonly done: Promise<void> } | undefined
  let early: string[] | undefined
  let last: string | undefined
  let isOver = false

  const close = (): void => {
    if (isOver) return
    isOver = true
    onClose()
    const link = attached?.link
    if (link !== undefined && !link.isLost) link.ask((client) => client.unsubscribe(channel, hear)).catch(() => {})
  }
  const tell = (text: string): void => {
    // After a reconnect the same is read again.
    if (isOver || text === last) return
    last = text
    let state: JobState
    try {
      state = parseState(jobId, text)
    } catch {
      // Somebody else's message on our channel.
      return
    }
    if (state.kind !== 'progress') close()
    take(state)
  }
  const channel = channelOf(jobId)
  const hear = (text: string): void => {
    if (early === undefined) tell(text)
    else early.push(text)
  }
  const listen = async (link: ValkeyLink): Promise<void> => {
    early = []
    // In this order nothing is missed. What is read may be among what was heard meanwhile, or before it.
    await link.ask((client) => client.subscribe(channel, hear))
    const read = await readState(link, jobId)
    const heard = early
    early = undefined
    if (read !== undefined && !heard.includes(read)) tell(read)
    for (const text of heard) tell(text)
    // It may have been over before it was listened to.
    if (isOver) link.ask((client) => client.unsubscribe(channel, hear)).catch(() => {})
  }
  return {
    jobId,
    attach: async (link) => {
      if (isOver) return
      if (attached?.link !== link) attached = { link, done: listen(link) }
      await attached.done.catch((error: unknown) => {
        // It may be tried again on the same connection.
        attached = undefined
        throw error
      })
    },
    close,
    end: (error) => {
      if (isOver) return
      close()
      ended(error)
    },
  }
}

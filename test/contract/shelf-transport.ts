import {
  type Destination,
  type Endpoint,
  type IncomingMessage,
  type Link,
  type LinkClosed,
  SendError,
  type Settlement,
  type Transport,
  UnderstudyError,
} from '../../src/index.ts'

/** Somebody who takes messages from a shelf, and how many more at a time. */
interface Taker {
  room: number
  readonly give: (message: IncomingMessage) => void
}

/** The broker, as far as one queue goes. */
interface Shelf {
  readonly waiting: IncomingMessage[]
  readonly takers: Set<Taker>
}

const again = (message: IncomingMessage): IncomingMessage => ({ ...message, redelivered: true })

/** A broker of shelves in this process, and what speaks to it. `cut` ends every connection, as a network would. */
export function shelfBroker(): { readonly transport: Transport; readonly cut: () => void } {
  const shelves = new Map<string, Shelf>()
  const links = new Set<(error: UnderstudyError) => void>()

  const shelfOf = ({ kind, name }: Destination): Shelf => {
    if (kind !== 'queue') throw new UnderstudyError('unsupported', `shelves have no ${kind}s`)
    const shelf = shelves.get(name) ?? { waiting: [], takers: new Set() }
    shelves.set(name, shelf)
    return shelf
  }
  // In a later turn: a confirm comes before what it confirms is delivered, and no call is answered from within.
  const handOut = ({ waiting, takers }: Shelf): void => {
    setImmediate(() => {
      for (const taker of takers) {
        for (; taker.room > 0 && waiting.length > 0; taker.room--) taker.give(waiting.shift() as IncomingMessage)
      }
    })
  }

  const dial = async ({ scheme, host, port }: Endpoint): Promise<Link> => {
    const { promise: closed, resolve: settleClosed } = Promise.withResolvers<LinkClosed>()
    const giveBack = new Set<() => void>()
    let over: UnderstudyError | undefined

    // A link ends once, says why, and what nobody settled goes back to the broker.
    const end = (how: LinkClosed): void => {
      if (over) return
      over = how.kind === 'lost' ? how.error : new UnderstudyError('closed', 'the link was closed', { retriable: true })
      links.delete(lose)
      for (const action of giveBack) action()
      settleClosed(how)
    }
    const lose = (error: UnderstudyError): void => end({ kind: 'lost', error })
    links.add(lose)

    return {
      endpoint: `${scheme}://${host}:${port}`,
      closed,
      send: async (message, attempt) => {
        if (over) {
          const known = { outcome: 'not-sent', messageId: message.id, attempts: attempt, retriable: true } as const
          throw new SendError(over.code, over.message, known)
        }
        const shelf = shelfOf(message.destination)
        // The broker keeps a copy: once this is confirmed, the sender may do with its bytes what it likes.
        shelf.waiting.push({ ...message, body: Buffer.from(message.body), attempt, redelivered: false })
        handOut(shelf)
      },
      declare: async () => {
        if (over) throw over
      },
      // Shelves are there as soon as somebody means them, and this must not be that.
      inspect: async (queue) => {
        if (over) throw over
        const shelf = shelves.get(queue)
        return shelf && { ready: shelf.waiting.length, isExact: true, consumers: shelf.takers.size }
      },
      purge: async (queue) => {
        if (over) throw over
        return shelves.get(queue)?.waiting.splice(0).length ?? 0
      },
      subscribe: async (destination, { prefetch }, sink) => {
        if (over) throw over
        const shelf = shelfOf(destination)
        const unsettled = new Set<IncomingMessage>()
        const settle = async (message: IncomingMessage, settlement: Settlement): Promise<void> => {
          if (over) throw over
          if (!unsettled.delete(message)) return
          taker.room++
          if (settlement === 'requeue') shelf.waiting.push(again(message))
          handOut(shelf)
        }
        const taker: Taker = {
          room: prefetch,
          give: (message) => {
            unsettled.add(message)
            sink.deliver({ message, settle: (settlement) => settle(message, settlement) })
          },
        }
        const cancel = (): void => {
          shelf.takers.delete(taker)
          giveBack.delete(cancel)
          shelf.waiting.unshift(...[...unsettled].map(again))
          unsettled.clear()
          handOut(shelf)
        }
        giveBack.add(cancel)
        shelf.takers.add(taker)
        handOut(shelf)
        return { cancel: async () => cancel() }
      },
      close: async () => end({ kind: 'closed' }),
    }
  }

  const transport: Transport = {
    schemes: ['memory'],
    capabilities: {
      priority: false,
      expiry: false,
      delay: false,
      topics: false,
      exchanges: false,
      deadLetters: false,
      confirmedSettlement: true,
      queueSettings: [],
    },
    optionNames: [],
    validate: () => {},
    dial,
  }
  const lost = (): UnderstudyError => new UnderstudyError('link-lost', 'the shelf fell over', { retriable: true })
  const cut = (): void => {
    for (const lose of links) lose(lost())
  }
  return { transport, cut }
}

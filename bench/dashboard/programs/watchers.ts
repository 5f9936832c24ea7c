/** Browsers in a process of their own: event streams as a browser keeps them open, and pages of a real one. */
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { messageOf } from '../../../src/errors.ts'

export interface WatchersOrder {
  readonly url: string
  /** Event streams of the overview. */
  readonly streams: number
  /** Pages of Chromium on the overview. */
  readonly pages: number
  readonly chromium: string
}

/** What they have seen since they were asked last. */
export interface Watched {
  /** Streams that are still open. */
  readonly open: number
  /** Parts of the page that came over all streams. */
  readonly fragments: number
  /** Pages that say of themselves that they are live. */
  readonly livePages: number
}

export type WatchersAnswer = { readonly watching: true } | { readonly watched: Watched } | { readonly error: string }

const SETTLE_MS = 1000

let fragments = 0
const streams = new Set<IncomingMessage>()
const pages: Page[] = []
let browser: Browser | undefined

process.on('message', (order: WatchersOrder | 'report') => {
  const answer = order === 'report' ? report() : watch(order)
  answer.then(
    (told) => process.send?.(told),
    (error: unknown) => process.send?.({ error: messageOf(error) } satisfies WatchersAnswer),
  )
})
process.once('disconnect', () => {
  for (const stream of streams) stream.destroy()
  void browser?.close()
})

async function watch(order: WatchersOrder): Promise<WatchersAnswer> {
  await Promise.all(Array.from({ length: order.streams }, () => openStream(order.url)))
  if (order.pages > 0) {
    browser = await chromium.launch({
      executablePath: order.chromium,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
    })
    for (let index = 0; index < order.pages; index++) {
      const page = await browser.newPage()
      await page.goto(order.url)
      pages.push(page)
    }
  }
  // What comes with every opening is not the load of looking.
  await wait(SETTLE_MS)
  return { watching: true }
}

function openStream(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(
      new URL('events?page=overview', url),
      { headers: { accept: 'text/event-stream' }, agent: false },
      (response) => {
        if (response.statusCode !== 200) {
          reject(new Error(`the stream was answered with ${response.statusCode}`))
          return
        }
        streams.add(response)
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (fragments += chunk.split('event: fragment').length - 1))
        response.once('close', () => streams.delete(response))
        resolve()
      },
    ).once('error', reject)
  })
}

async function report(): Promise<WatchersAnswer> {
  const live = await Promise.all(
    pages.map((page) => page.evaluate<string>("document.getElementById('live-state')?.dataset.live ?? ''")),
  )
  const livePages = live.filter((state) => state === 'on').length
  const watched = { open: streams.size, fragments, livePages }
  fragments = 0
  return { watched }
}

import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { settled } from '../support/fake-clock.ts'
import { lost } from '../support/scripted-transport.ts'
import { requesting } from './requesting.ts'

// Everything that may befall requests, in any order.
const happenings = fc.array(
  fc.oneof(
    fc.record({
      what: fc.constantFrom('request' as const, 'scatter' as const),
      timeoutMs: fc.integer({ min: 1, max: 3000 }),
    }),
    fc.record({
      what: fc.constantFrom('result' as const, 'error' as const, 'progress' as const),
      nth: fc.nat(),
      sequence: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ what: fc.constantFrom('confirm' as const, 'refuse' as const, 'abort' as const), nth: fc.nat() }),
    fc.record({ what: fc.constantFrom('cut' as const, 'close' as const) }),
    fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1500 }) }),
  ),
  { maxLength: 25 },
)

test('every request ends exactly once, whatever happens and in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(happenings, async (script) => {
      const of = await requesting({ confirms: false, uri: 'failover:(stomp://a,stomp://b)?randomize=false&jitter=0' })
      const ends: { count: number; readonly stop: AbortController }[] = []
      const watch = (ending: Promise<unknown>, stop: AbortController): void => {
        const end = { count: 0, stop }
        ends.push(end)
        const ended = (): void => void end.count++
        ending.then(ended, ended)
      }
      for (const step of script) {
        const sent = of.sentTo('work')
        const nth = 'nth' in step ? step.nth : 0
        const request = sent[nth % Math.max(1, sent.length)]
        switch (step.what) {
          case 'request':
          case 'scatter': {
            const stop = new AbortController()
            const options = { timeoutMs: step.timeoutMs, signal: stop.signal }
            if (step.what === 'request') watch(of.connection.request('work', 1, options), stop)
            else {
              const gather = async (): Promise<void> => {
                for await (const _ of of.connection.scatter('work', 1, { ...options, expect: 2 }));
              }
              watch(gather(), stop)
            }
            break
          }
          case 'result':
          case 'error':
          case 'progress':
            try {
              if (request)
                of.reply(request, step.what, { kind: step.what, sequence: step.sequence, from: `r${nth % 2}` })
            } catch (error) {
              // Nobody listens while there is no link, or after the close.
              assert.match(String(error), /nothing listens/)
            }
            break
          case 'confirm':
          case 'refuse': {
            const open = of.transport.links.flatMap((link) => link.sent).filter(({ answered }) => !answered)
            const send = open[nth % Math.max(1, open.length)]
            if (step.what === 'confirm') send?.confirm()
            else send?.fail('rejected', { retriable: false })
            break
          }
          case 'abort':
            ends[nth % Math.max(1, ends.length)]?.stop.abort()
            break
          case 'cut':
            for (const link of of.transport.links) link.die(lost())
            break
          case 'close':
            of.transport.onLink = (link) => {
              link.confirms = true
            }
            void of.connection.close()
            break
          case 'wait':
            await of.clock.advance(step.ms)
        }
        await settled()
        for (const { count } of ends) assert.ok(count <= 1)
      }
      await of.clock.advance(4000)
      assert.deepEqual(
        ends.map(({ count }) => count),
        ends.map(() => 1),
      )
      assert.equal(of.connection.requests.open, 0)
      for (const link of of.transport.links) link.confirmAll()
      const closing = of.connection.close()
      await of.clock.advance(60_000)
      await closing
      assert.equal(of.clock.pending, 0, 'a timer is left')
    }),
    { numRuns: 150 },
  )
})

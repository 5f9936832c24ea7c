import assert from 'node:assert/strict'
import { memoryDedupe } from '../../listener/dedupe.ts'
import type { ContractGroup } from './contract-test.ts'
import { eventually, within } from './waiting.ts'

/** The other forms that listening takes. */
export const listening: ContractGroup = {
  name: 'Consume: in other ways',
  tests: [
    {
      item: 54,
      title: 'no more handlers run at a time than concurrency says, whatever the prefetch',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        const work = Promise.withResolvers<void>()
        let running = 0
        let most = 0
        let done = 0
        const listener = connection.listen(
          queue,
          async (delivery) => {
            running++
            most = Math.max(most, running)
            await work.promise
            await delivery.ack()
            running--
            done++
          },
          { prefetch: 8, concurrency: 2 },
        )
        await within('the subscription', listener.ready)
        for (const id of ['1', '2', '3', '4', '5', '6']) await connection.send(queue, id, { id })
        await eventually('six deliveries', () => listener.unsettled === 6)
        assert.equal(running, 2)
        work.resolve()
        await eventually('the last handler', () => done === 6)
        assert.equal(most, 2)
      },
    },
    {
      item: 55,
      title: 'a copy of a finished message is acknowledged and not handled again',
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        await connection.send(queue, 'x', { id: 'first' })
        stage.front.hold()
        const sending = connection.send(queue, 'x', { id: 'twice' })
        // The acknowledge of the second copy may be under way when it is closed.
        const { connection: elsewhere } = await stage.through([stage.broker.around()], { drainTimeout: '30000' })
        const handled: string[] = []
        const dedupe = memoryDedupe()
        const listener = elsewhere.listen(
          queue,
          async (delivery) => {
            handled.push(delivery.id)
            await delivery.ack()
          },
          { dedupe },
        )
        await eventually('the first copy', () => handled.includes('twice'))
        stage.front.cut()
        await stage.front.heal()
        await within('the confirm', sending)
        await eventually('the second copy', () => listener.duplicates === 1)
        await within('the end', elsewhere.close())
        assert.deepEqual(handled, ['first', 'twice'])
        assert.deepEqual(await stage.rest(queue, 'end'), [])
      },
    },
    {
      item: 56,
      title: 'a listener is closed by its signal, and what it had not taken goes to others',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        const caller = new AbortController()
        const inbox = await stage.inbox(connection, queue, { signal: caller.signal })
        await connection.send(queue, 'x', { id: 'before' })
        await inbox.of('before')
        await eventually('the acknowledgement', () => inbox.settled === 1)
        caller.abort()
        await within('the end', inbox.listener.close())
        await connection.send(queue, 'x', { id: 'after' })
        assert.deepEqual(await stage.rest(queue, 'end'), ['after'])
        assert.deepEqual(inbox.ids, ['before'])
      },
    },
    {
      item: 57,
      title: 'a loop takes deliveries, across a lost link too, and leaving it gives back the rest',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const entered = await stage.enter()
        const taken: string[] = []
        const deliveries = entered.connection.deliveries(queue, { prefetch: 2 })
        await within('the subscription', deliveries.ready)
        const looping = (async () => {
          for await (const delivery of deliveries) {
            await delivery.ack()
            taken.push(delivery.id)
            if (delivery.id === 'last') break
          }
        })()
        await entered.connection.send(queue, 'x', { id: 'first' })
        await eventually('the first', () => taken.includes('first'))
        await stage.cutAndResume(entered, ['producer', 'listener'])
        await entered.connection.send(queue, 'x', { id: 'last' })
        await within('the end of the loop', looping)
        await entered.connection.send(queue, 'x', { id: 'rest' })
        const left = await stage.rest(queue, 'end')
        assert.deepEqual(new Set([...taken, ...left]), new Set(['first', 'last', 'rest']))
        assert.ok(left.includes('rest'))
      },
    },
    {
      item: 58,
      title: 'a codec of the application writes and reads what has its content type',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const codec = {
          contentType: 'application/x-backwards',
          encode: (value: unknown) => Buffer.from(JSON.stringify(value).split('').toReversed().join('')),
          decode: (bytes: Buffer): unknown => JSON.parse(bytes.toString().split('').toReversed().join('')),
        }
        const { connection } = await stage.enter({}, { codecs: [codec] })
        const inbox = await stage.inbox(connection, queue)
        await connection.send(queue, { job: 1 }, { contentType: 'application/x-backwards' })
        const delivery = await inbox.nth(1)
        assert.deepEqual(delivery.value(), { job: 1 })
        assert.equal(delivery.text(), '}1:"boj"{')
      },
    },
    {
      item: 59,
      title: 'a topic gives every subscriber a copy',
      needs: [],
      run: async (stage) => {
        const topic = stage.queue().replace('queue://', 'topic://')
        const { connection } = await stage.enter()
        const { connection: other } = await stage.around()
        const inboxes = [await stage.inbox(connection, topic), await stage.inbox(other, topic)]
        await connection.send(topic, 'news', { id: 'news' })
        for (const inbox of inboxes) assert.equal((await inbox.of('news')).text(), 'news')
      },
    },
    {
      item: 60,
      title: 'a message that has expired is not delivered',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        const expireAfterMs = 50
        await connection.send(queue, 'x', { id: 'expires', expireAfterMs })
        await connection.send(queue, 'x', { id: 'stays' })
        const over = Date.now() + expireAfterMs
        await eventually('its time', () => Date.now() > over)
        assert.deepEqual(await stage.rest(queue, 'end'), ['stays'])
      },
    },
    {
      item: 61,
      title: 'a request is answered, and an error of the responder is one of the request',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        const responder = connection.respond(queue, (request) => {
          if (request.text() === 'bad') throw new Error('it cannot be done')
          return { answer: request.text() }
        })
        const reply = await within('the answer', connection.request(queue, 'good'))
        assert.deepEqual(reply.value(), { answer: 'good' })
        await assert.rejects(within('the error', connection.request(queue, 'bad')), /it cannot be done/)
        await within('the end', responder.close())
      },
    },
  ],
}

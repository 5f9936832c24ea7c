import assert from 'node:assert/strict'
import { StaleDeliveryError } from '../../errors.ts'
import type { ContractGroup } from './contract-test.ts'
import { eventOf, type Stage } from './stage.ts'
import { eventually, within } from './waiting.ts'

async function fill(stage: Stage, queue: string, ids: readonly string[]): Promise<void> {
  const { connection } = await stage.around()
  for (const id of ids) await connection.send(queue, id, { id })
}

/** What a listener promises. */
export const consume: ContractGroup = {
  name: 'Consume',
  tests: [
    {
      item: 29,
      title: 'a listener subscribes again on the next link',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const entered = await stage.enter()
        const inbox = await stage.inbox(entered.connection, queue)
        await fill(stage, queue, ['before'])
        await inbox.of('before')
        for (const id of ['once', 'twice']) {
          await stage.cutAndResume(entered, ['producer', 'listener'])
          await fill(stage, queue, [id])
          await inbox.of(id)
        }
      },
    },
    {
      item: 30,
      title: 'what was not acknowledged when its link was lost is delivered again',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        await fill(stage, queue, ['1', '2'])
        const entered = await stage.enter()
        const inbox = await stage.inbox(entered.connection, queue, { settle: 'nothing' })
        await inbox.nth(2)
        await stage.cutAndResume(entered, ['listener'])
        await inbox.of('1', 2)
        await inbox.of('2', 2)
      },
    },
    {
      item: 31,
      title: 'what was acknowledged is never delivered again',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        await fill(stage, queue, ['1', '2', '3'])
        const entered = await stage.enter()
        const inbox = await stage.inbox(entered.connection, queue, { settle: 'nothing', prefetch: 1 })
        await within('the ack', (await inbox.nth(1)).ack())
        await within('the ack', (await inbox.nth(2)).ack())
        // With a prefetch of one the broker has taken both when it sends the third.
        await inbox.nth(3)
        await stage.cutAndResume(entered, ['listener'])
        await within('the ack', (await inbox.nth(4)).ack())
        await fill(stage, queue, ['after'])
        await within('the ack', (await inbox.nth(5)).ack())
        assert.deepEqual(inbox.ids, ['1', '2', '3', '3', 'after'])
        await within('the end', entered.connection.close())
        assert.deepEqual(await stage.rest(queue, 'end'), [])
      },
    },
    {
      item: 32,
      title: 'a delivery of a lost link cannot be settled, and nothing else is in its place',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        await fill(stage, queue, ['1', '2'])
        const entered = await stage.enter()
        const inbox = await stage.inbox(entered.connection, queue, { settle: 'nothing' })
        const stale = [await inbox.nth(1), await inbox.nth(2)]
        await stage.cutAndResume(entered, ['listener'])
        const fresh = [await inbox.of('1', 2), await inbox.of('2', 2)]
        for (const delivery of stale) {
          await assert.rejects(within('the ack', delivery.ack()), StaleDeliveryError)
          await assert.rejects(within('the reject', delivery.reject()), StaleDeliveryError)
          await assert.rejects(within('the requeue', delivery.requeue()), StaleDeliveryError)
        }
        // Both are still there to be settled by whoever holds them now.
        await stage.cutAndResume(entered, ['listener'])
        const again = [await inbox.of('1', 4), await inbox.of('2', 4)]
        assert.ok(fresh.every((delivery) => !again.includes(delivery)))
        await within('the acks', Promise.all(again.map((delivery) => delivery.ack())))
      },
    },
    {
      item: 33,
      title: 'an acknowledgement given twice is one, and another word after it is an error',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        await fill(stage, queue, ['1', '2', '3'])
        const entered = await stage.enter()
        const inbox = await stage.inbox(entered.connection, queue, { settle: 'nothing', prefetch: 2 })
        const first = await inbox.nth(1)
        await within('the acks', Promise.all([first.ack(), first.ack()]))
        await within('the third ack', first.ack())
        await assert.rejects(first.reject(), { code: 'already-settled' })
        await assert.rejects(first.requeue(), { code: 'already-settled' })
        // One place was made at the broker, and one only: the second message was nobody's mistake.
        await inbox.nth(3)
        await stage.cutAndResume(entered, ['listener'])
        await inbox.nth(5)
        assert.deepEqual(inbox.ids.slice(3).toSorted(), ['2', '3'])
      },
    },
    {
      item: 34,
      title: 'no more than the prefetch is out at a time, before and after a reconnect',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const entered = await stage.enter()
        const inbox = await stage.inbox(entered.connection, queue, { settle: 'nothing', prefetch: 2 })
        await fill(stage, queue, ['1', '2', '3', '4', '5'])
        await inbox.nth(2)
        // Somebody else is given what the first may not have.
        const { connection } = await stage.around()
        const other = await stage.inbox(connection, queue)
        await other.nth(3)
        assert.deepEqual([...inbox.ids, ...other.ids].sort(), ['1', '2', '3', '4', '5'])
        await eventually('the acknowledgements', () => other.settled === 3)
        await other.listener.close()
        await stage.cutAndResume(entered, ['listener'])
        await inbox.nth(4)
        await fill(stage, queue, ['6', '7'])
        const third = await stage.inbox(connection, queue)
        await third.nth(2)
        assert.deepEqual([inbox.ids.length, third.ids], [4, ['6', '7']])
      },
    },
    {
      item: 35,
      title: 'deliveries are acknowledged one by one, in any order',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        await fill(stage, queue, ['1', '2', '3', '4', '5', '6'])
        const entered = await stage.enter()
        const inbox = await stage.inbox(entered.connection, queue, { settle: 'nothing', prefetch: 4 })
        await inbox.nth(4)
        for (const index of [2, 0]) await within('the ack', inbox.deliveries[index]?.ack() ?? Promise.reject())
        // Each makes room for one more.
        await inbox.nth(6)
        await stage.cutAndResume(entered, ['listener'])
        await inbox.nth(10)
        assert.deepEqual(inbox.ids.slice(6).toSorted(), ['2', '4', '5', '6'])
      },
    },
    {
      item: 36,
      title: 'a handler that throws follows its policy, and the listener goes on',
      needs: [],
      run: async (stage) => {
        for (const onError of ['reject', 'requeue', 'leave'] as const) {
          const queue = stage.queue()
          // What it settles last may be under way when it is closed, and must not come back for want of time.
          const entered = await stage.enter({ drainTimeout: '30000' })
          const seen: string[] = []
          const listener = entered.connection.listen(
            queue,
            async (delivery) => {
              seen.push(delivery.id)
              if (delivery.id === 'bad' && seen.length === 1) throw new Error('the handler failed')
              await delivery.ack()
            },
            { onError },
          )
          await within('the subscription', listener.ready)
          await fill(stage, queue, ['bad', 'good'])
          await eventually('the good one', () => seen.includes('good'))
          if (onError === 'requeue')
            await eventually('the bad one again', () => seen.filter((id) => id === 'bad').length === 2)
          if (onError === 'leave') {
            await stage.cutAndResume(entered, ['listener'])
            await eventually('the bad one again', () => seen.filter((id) => id === 'bad').length === 2)
          }
          await within('the end', entered.connection.close())
          assert.deepEqual(await stage.rest(queue, 'end'), [], onError)
          assert.equal(seen.filter((id) => id === 'bad').length, onError === 'reject' ? 1 : 2, onError)
        }
      },
    },
    {
      item: 37,
      title: 'a requeued message comes again, a rejected one does not',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        await fill(stage, queue, ['again', 'never'])
        const { connection } = await stage.enter()
        const inbox = await stage.inbox(connection, queue, { settle: 'nothing' })
        const [first, second] = [await inbox.of('again'), await inbox.of('never')]
        await within('the reject', second.reject())
        await within('the requeue', first.requeue())
        const again = await inbox.of('again', 2)
        assert.equal(again.text(), 'again')
        await within('the ack', again.ack())
        await connection.close()
        assert.deepEqual(await stage.rest(queue, 'end'), [])
        assert.deepEqual(inbox.ids.filter((id) => id === 'never').length, 1)
      },
    },
    {
      item: 38,
      title: 'a subscription that the broker ended is made again',
      needs: ['cancel'],
      run: async (stage) => {
        const queue = stage.queue()
        const entered = await stage.enter()
        const inbox = await stage.inbox(entered.connection, queue)
        await fill(stage, queue, ['before'])
        await inbox.of('before')
        await eventually('the acknowledgement', () => inbox.settled === 1)
        await stage.broker.cancel(queue)
        const { destination } = await eventOf(entered, 'cancelled')
        assert.equal(destination, queue)
        await fill(stage, queue, ['after'])
        await inbox.of('after')
        assert.deepEqual(
          entered.events.filter(({ type }) => type === 'interrupted'),
          [],
        )
      },
    },
    {
      item: 39,
      title: 'a body that is no JSON does not stop the listener',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        const read: unknown[] = []
        const errors: unknown[] = []
        const listener = connection.listen(queue, async (delivery) => {
          try {
            read.push(delivery.json())
          } catch (error) {
            errors.push((error as { code?: unknown }).code)
            throw error
          }
          await delivery.ack()
        })
        await within('the subscription', listener.ready)
        await connection.send(queue, '{"half":', { contentType: 'application/json' })
        await connection.send(queue, Buffer.from([0xff, 0xfe]), { contentType: 'application/json' })
        await connection.send(queue, { whole: true })
        await eventually('the good one', () => read.length === 1)
        assert.deepEqual([read, errors], [[{ whole: true }], ['decode', 'decode']])
      },
    },
    {
      item: 40,
      title: 'redelivered is false on what was never delivered and true on what comes back from a lost link',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        await fill(stage, queue, ['1'])
        const entered = await stage.enter()
        const inbox = await stage.inbox(entered.connection, queue, { settle: 'nothing' })
        assert.equal((await inbox.nth(1)).redelivered, false)
        await stage.cutAndResume(entered, ['listener'])
        assert.equal((await inbox.nth(2)).redelivered, true)
      },
    },
  ],
}

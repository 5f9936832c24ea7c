import assert from 'node:assert/strict'
import type { Connection } from '../../connection.ts'
import type { ContractGroup } from './contract-test.ts'
import { eventually, within } from './waiting.ts'

/** Messages that come later, and what a queue tells of itself. */
export const inspecting: ContractGroup = {
  name: 'Delay, inspection and purge',
  tests: [
    {
      item: 69,
      title: 'a message with a delay waits at the broker until then, or is refused where the broker has no delay',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        if (!connection.can('delay')) {
          await assert.rejects(connection.send(queue, 'x', { delayMs: 1 }), { code: 'unsupported' })
          assert.equal(connection.pending, 0)
          assert.deepEqual(await stage.rest(queue, 'end'), [])
          return
        }
        const dueAtMs = Date.now() + 1500
        // Together: however long the broker takes to confirm, it gets the second long before the first is due.
        await within(
          'the confirms',
          Promise.all([
            connection.send(queue, 'x', { id: 'later', delayMs: 1500 }),
            connection.send(queue, 'x', { id: 'at once', delayMs: 0 }),
          ]),
        )
        await within('the end of the sender', connection.close())
        const other = await stage.enter()
        const inbox = await stage.inbox(other.connection, queue, { settle: 'nothing' })
        const first = await within('the first', inbox.of('at once'))
        const later = await within('the delayed one', inbox.of('later'))
        assert.ok(Date.now() >= dueAtMs)
        assert.deepEqual(inbox.ids, ['at once', 'later'])
        assert.deepEqual([later.destination, later.redelivered], [first.destination, false])
        // The broker's own account of the delay is no header of the application's.
        assert.deepEqual(later.headers, first.headers)
        await within('the acks', Promise.all([first.ack(), later.ack()]))
      },
    },
    {
      item: 70,
      title: 'a delay that cannot be, or for what is no queue, is refused before anything is sent',
      needs: [],
      run: async (stage) => {
        const { connection } = await stage.enter()
        for (const delayMs of [-1, Number.NaN, Number.POSITIVE_INFINITY])
          await assert.rejects(connection.send(stage.queue(), 'x', { delayMs }), { code: 'invalid-option' })
        await assert.rejects(connection.send('topic://contract.later', 'x', { delayMs: 1 }), { code: 'unsupported' })
        assert.equal(connection.pending, 0)
      },
    },
    {
      item: 71,
      title: 'inspect tells how many messages wait, and takes none of them',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        for (const id of ['1', '2', '3']) await connection.send(queue, 'x', { id })
        await eventually('three that wait', async () => await tells(connection, queue, 3))
        await within('another look', connection.inspect(queue))
        const { connection: other } = await stage.around()
        const inbox = await stage.inbox(other, queue)
        await inbox.of('3')
        assert.deepEqual(
          inbox.deliveries.map(({ id, redelivered }) => [id, redelivered]),
          [
            ['1', false],
            ['2', false],
            ['3', false],
          ],
        )
        await eventually('nothing that waits', async () => await tells(connection, queue, 0))
      },
    },
    {
      item: 72,
      title: 'inspect of a queue that is not there tells so, and makes none',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        assert.equal(await within('a look', connection.inspect(queue)), undefined)
        assert.equal(await within('another', connection.inspect(queue)), undefined)
        assert.equal(await within('a purge', connection.purge(queue)), 0)
        assert.equal(await within('a look after it', connection.inspect(queue)), undefined)
        await assert.rejects(connection.inspect('topic://contract.none'), { code: 'invalid-option' })
      },
    },
    {
      item: 73,
      title: 'purge removes what waits, tells how much, and leaves what comes later',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        for (const id of ['1', '2', '3']) await connection.send(queue, 'x', { id })
        assert.equal(await within('the purge', connection.purge(queue)), 3)
        await connection.send(queue, 'x', { id: 'after' })
        assert.deepEqual(await stage.rest(queue, 'end'), ['after'])
      },
    },
  ],
}

/** Whether a queue tells that so many wait; some brokers learn it a little later, and some do not count far. */
async function tells(connection: Connection, queue: string, count: number): Promise<boolean> {
  const state = await within('a look', connection.inspect(queue))
  if (count === 0) return state === undefined || state.ready === 0
  return state !== undefined && (state.isExact ? state.ready === count : state.ready > 0 && state.ready <= count)
}

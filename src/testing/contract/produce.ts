import assert from 'node:assert/strict'
import { SendError } from '../../errors.ts'
import type { ContractGroup } from './contract-test.ts'
import { eventOf, type Stage } from './stage.ts'
import { eventually, watch, within } from './waiting.ts'

async function errorOf(send: Promise<unknown>): Promise<SendError> {
  const error: unknown = await within(
    'the end of a send',
    send.then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  )
  assert.ok(error instanceof SendError, `it ended with ${String(error)}`)
  return error
}

/** Until the broker has it, which the sender cannot know. */
async function brokerHas(stage: Stage, queue: string, id: string): ReturnType<Stage['inbox']> {
  const { connection } = await stage.around()
  const inbox = await stage.inbox(connection, queue)
  await inbox.of(id)
  return inbox
}

/** What a send promises. */
export const produce: ContractGroup = {
  name: 'Produce',
  tests: [
    {
      item: 15,
      title: "a send resolves with the message's id after the broker's confirm, and not before",
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        await connection.send(queue, 'first')
        stage.front.hold()
        const sending = connection.send(queue, 'x', { id: 'held' })
        const watched = watch(sending)
        await brokerHas(stage, queue, 'held')
        assert.equal(watched.state(), 'pending')
        assert.equal(connection.pending, 1)
        await stage.front.heal()
        assert.equal(await within('the confirm', sending), 'held')
        assert.equal(connection.pending, 0)
      },
    },
    {
      item: 16,
      title: 'a send whose link is lost before the confirm is sent again with the same id and the next attempt',
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        await connection.send(queue, 'first', { id: 'first' })
        stage.front.hold()
        const sending = connection.send(queue, 'x', { id: 'again' })
        const inbox = await brokerHas(stage, queue, 'again')
        stage.front.cut()
        await stage.front.heal()
        assert.equal(await within('the confirm', sending), 'again')
        const copies = await eventually('the copy', () => {
          const found = inbox.deliveries.filter(({ id }) => id === 'again')
          return found.length > 1 && found
        })
        assert.deepEqual(
          copies.map(({ attempt }) => attempt),
          [1, 2],
        )
      },
    },
    {
      item: 16,
      title:
        'what was written and is not confirmed within retryThreshold ends as unknown, what met no broker as not sent',
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter({ retryThreshold: '400' })
        stage.front.hold()
        const written = await errorOf(connection.send(queue, 'x', { id: 'written' }))
        assert.deepEqual([written.outcome, written.messageId, written.attempts], ['unknown', 'written', 1])
        stage.front.slam()
        stage.front.cut()
        const unsent = await errorOf(connection.send(queue, 'x', { id: 'unsent' }))
        assert.equal(unsent.messageId, 'unsent')
        // Its first attempt may have met the link a moment before the loss was known.
        assert.ok(unsent.outcome === 'not-sent' || unsent.outcome === 'unknown')
        const late = await errorOf(connection.send(queue, 'x', { id: 'late' }))
        assert.deepEqual([late.code, late.outcome], ['not-sent', 'not-sent'])
      },
    },
    {
      item: 17,
      title: 'a full buffer of unconfirmed sends rejects, by count and by bytes',
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const bounds = [
          { maxPending: '2', whenFull: 'reject' },
          { maxPendingBytes: '1000', whenFull: 'reject' },
        ]
        for (const bound of bounds) {
          const { connection } = await stage.enter(bound)
          stage.front.hold()
          const held = [connection.send(queue, 'x'.repeat(500)), connection.send(queue, 'y'.repeat(500))]
          const full = await errorOf(connection.send(queue, 'z'))
          assert.deepEqual([full.code, full.outcome], ['pending-full', 'not-sent'])
          await stage.front.heal()
          await within('the confirms', Promise.all(held))
          await connection.send(queue, 'there is room again')
        }
      },
    },
    {
      item: 17,
      title: 'a full buffer of unconfirmed sends lets further ones wait, in order',
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter({ maxPending: '2', whenFull: 'wait' })
        stage.front.hold()
        const sends = ['1', '2', '3', '4'].map((id) => connection.send(queue, id, { id }))
        assert.equal(connection.pending, 2)
        await stage.front.heal()
        assert.deepEqual(await within('the confirms', Promise.all(sends)), ['1', '2', '3', '4'])
        assert.deepEqual(await stage.rest(queue, 'end'), ['1', '2', '3', '4'])
      },
    },
    {
      item: 18,
      title: 'a send ends once, by its own signal, and a late confirm changes nothing',
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const ends: string[] = []
        const observer = {
          attempt: () => {},
          attemptEnded: (_message: unknown, _attempt: number, end: string) => void ends.push(end),
          gaveUp: () => void ends.push('gave up'),
        }
        const { connection } = await stage.enter({}, { observer })
        await connection.send(queue, 'first', { id: 'first' })
        stage.front.hold()
        const caller = new AbortController()
        const sending = connection.send(queue, 'x', { id: 'late', signal: caller.signal })
        const watched = watch(sending)
        await brokerHas(stage, queue, 'late')
        assert.equal(watched.state(), 'pending')
        caller.abort()
        const error = await errorOf(sending)
        assert.deepEqual([error.code, error.outcome, error.attempts], ['aborted', 'unknown', 1])
        assert.equal(connection.pending, 0)
        await stage.front.heal()
        await within('the next send', connection.send(queue, 'next', { id: 'next' }))
        assert.equal(ends.filter((end) => end === 'gave up').length, 1)
        const fired = await errorOf(connection.send(queue, 'x', { signal: caller.signal }))
        assert.deepEqual([fired.code, fired.outcome, fired.attempts], ['aborted', 'not-sent', 0])
      },
    },
    {
      item: 19,
      title: 'a message that the broker has no queue for is returned, and never counts as confirmed',
      needs: ['unroutable'],
      run: async (stage) => {
        const { connection } = await stage.enter({ retryThreshold: '3000' })
        const error = await errorOf(connection.send(stage.broker.unroutable(), 'x', { id: 'lost' }))
        assert.deepEqual([error.code, error.outcome, error.messageId], ['returned', 'returned', 'lost'])
        await connection.send(stage.queue(), 'the link is as good as before')
      },
    },
    {
      item: 20,
      title: 'a message that the broker refuses is rejected, and its siblings are confirmed',
      needs: ['refused-send'],
      run: async (stage) => {
        const { destination, headers } = await stage.broker.refusedSend()
        const { connection } = await stage.enter({ retryThreshold: '1500' })
        const queue = stage.queue()
        const sibling = connection.send(queue, 'x', { id: 'sibling' })
        const error = await errorOf(connection.send(destination, 'x', { id: 'refused', headers }))
        // It is asked about again until the threshold, which may come while the last of these is on its way.
        const refusal = error.outcome === 'unknown' ? error.cause : error
        assert.ok(refusal instanceof SendError, 'a refusal')
        assert.deepEqual([refusal.code, refusal.outcome, error.messageId], ['rejected', 'rejected', 'refused'])
        await within('the sibling', sibling)
        await within('a later send', connection.send(queue, 'x'))
      },
    },
    {
      item: 25,
      title: 'a confirmed persistent message survives the death of the broker',
      needs: ['kill'],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        for (const id of ['1', '2', '3']) await connection.send(queue, id, { id })
        await connection.close()
        await stage.broker.kill()
        await stage.broker.revive()
        assert.deepEqual(await stage.rest(queue, 'end'), ['1', '2', '3'])
      },
    },
    {
      item: 26,
      title: 'messages keep the order of their sends across reconnects; only later copies are late',
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        const ids = Array.from({ length: 60 }, (_, index) => `m${String(index).padStart(2, '0')}`)
        const sends: Promise<string>[] = []
        for (const [index, id] of ids.entries()) {
          if (index % 20 === 5) stage.front.hold()
          sends.push(connection.send(queue, id, { id }))
          if (index % 20 === 15) {
            stage.front.cut()
            await stage.front.heal()
          }
        }
        await within('the confirms', Promise.all(sends))
        const all = await stage.rest(queue, 'end')
        assert.deepEqual([...new Set(all)], ids)
      },
    },
    {
      item: 27,
      title: 'a broker that takes nothing more says so, the sends wait, and go on when it reads again',
      needs: ['block'],
      run: async (stage) => {
        const queue = stage.queue()
        const entered = await stage.enter()
        await entered.connection.send(queue, 'before')
        await stage.broker.block()
        try {
          const sending = entered.connection.send(queue, 'x', { id: 'blocked' })
          const watched = watch(sending)
          const { reason } = await eventOf(entered, 'blocked')
          assert.notEqual(reason, '')
          assert.equal(watched.state(), 'pending')
          await stage.broker.unblock()
          await eventOf(entered, 'unblocked')
          assert.equal(await within('the confirm', sending), 'blocked')
        } finally {
          await stage.broker.unblock()
        }
      },
    },
    {
      item: 28,
      title: '1,000 sends are in flight at once without a warning about listeners',
      needs: ['held-answers'],
      run: async (stage) => {
        const warnings: Error[] = []
        const onWarning = (warning: Error): void => void warnings.push(warning)
        process.on('warning', onWarning)
        try {
          const { connection } = await stage.enter()
          const caller = new AbortController()
          stage.front.hold()
          const { signal } = caller
          const queue = stage.queue()
          const sends = Array.from({ length: 1000 }, (_, index) => connection.send(queue, String(index)))
          sends.push(connection.send(queue, 'with a signal', { signal }))
          assert.equal(connection.pending, 1001)
          await stage.front.heal()
          const ids = await within('the confirms', Promise.all(sends))
          assert.equal(new Set(ids).size, 1001)
        } finally {
          process.off('warning', onWarning)
        }
        assert.deepEqual(warnings, [])
      },
    },
  ],
}

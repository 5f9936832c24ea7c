import assert from 'node:assert/strict'
import { type Clock, systemClock, type Timer } from '../../clock.ts'
import { SendError } from '../../errors.ts'
import type { ContractGroup } from './contract-test.ts'
import { eventOf, type Stage } from './stage.ts'
import { eventually, watch, within } from './waiting.ts'

/** Sends one after another while `fault` happens, and checks that nothing confirmed is missing. */
async function acrossAFault(stage: Stage, fault: () => Promise<void>): Promise<void> {
  const queue = stage.queue()
  const entered = await stage.through(stage.broker.nodes, { drainTimeout: '5000' })
  const inbox = await stage.inbox(entered.connection, queue)
  const confirmed: string[] = []
  const failed: unknown[] = []
  const enough = new AbortController()
  let sent = 0
  const producing = (async () => {
    while (!enough.signal.aborted) {
      const id = `m${sent++}`
      await entered.connection.send(queue, id, { id }).then(
        () => confirmed.push(id),
        (error: unknown) => failed.push(error),
      )
    }
  })()
  try {
    await eventually('ten confirms', () => confirmed.length >= 10)
    await fault()
    const before = confirmed.length
    await eventually('ten confirms after the fault', () => confirmed.length >= before + 10)
  } finally {
    enough.abort()
    await within('the last send', producing)
  }
  await eventually('every confirmed message', () => {
    const consumed = new Set(inbox.ids)
    return confirmed.every((id) => consumed.has(id))
  })
  assert.deepEqual(failed, [])
  assert.ok(
    entered.events.some(({ type }) => type === 'resumed'),
    'the fault was not felt',
  )
}

/** What happens to a connection over its life. */
export const lifecycle: ContractGroup = {
  name: 'Lifecycle',
  tests: [
    {
      item: 41,
      title: 'a peer that stops answering is found by heart-beats, and left',
      needs: ['silence'],
      run: async (stage) => {
        const both = [stage.front.address, stage.back.address]
        const entered = await stage.through(both, { heartbeat: '1000', connectTimeout: '1000' })
        stage.front.mute()
        const { error } = await eventOf(entered, 'interrupted')
        assert.equal(error.code, 'heartbeat-lost')
        await eventOf(entered, 'resumed')
        await within('a send', entered.connection.send(stage.queue(), 'x'))
      },
    },
    {
      item: 42,
      title: 'a broker that is asked to leave is left without a loss',
      needs: ['stop'],
      run: async (stage) => {
        await acrossAFault(stage, () => stage.broker.stop())
      },
    },
    {
      item: 43,
      title: 'a broker that is killed is left without a loss',
      needs: ['kill'],
      run: async (stage) => {
        await acrossAFault(stage, () => stage.broker.kill())
      },
    },
    {
      item: 44,
      title: 'a subscription that the broker refuses ends with its error, and its siblings go on',
      needs: ['refused-subscription'],
      run: async (stage) => {
        const refused = await stage.broker.refusedSubscription()
        const queue = stage.queue()
        const entered = await stage.enter()
        const sibling = await stage.inbox(entered.connection, queue)
        const listener = entered.connection.listen(refused, () => {})
        await assert.rejects(within('the refusal', listener.ready), { retriable: false })
        await entered.connection.send(queue, 'x', { id: 'after' })
        await sibling.of('after')
      },
    },
    {
      item: 45,
      title: 'a link that is lost while a subscription is being made is made up for on the next one',
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const entered = await stage.enter()
        const first = await stage.inbox(entered.connection, stage.queue())
        stage.front.hold()
        const listening = stage.inbox(entered.connection, queue)
        const watched = watch(listening)
        stage.front.cut()
        await stage.front.heal()
        const inbox = await within('the subscription', listening)
        assert.equal(watched.state(), 'resolved')
        await entered.connection.send(queue, 'x', { id: 'after' })
        await inbox.of('after')
        assert.deepEqual(first.ids, [])
      },
    },
    {
      item: 46,
      title: 'close lets handlers finish and acknowledge, and takes nothing more',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const results = stage.queue()
        const { connection } = await stage.enter({ drainTimeout: '30000' })
        const started: string[] = []
        const acknowledged: string[] = []
        const work = Promise.withResolvers<void>()
        const listener = connection.listen(
          queue,
          async (delivery) => {
            started.push(delivery.id)
            await work.promise
            // What a handler has to say before it is done is still taken.
            await connection.send(results, delivery.text(), { id: `result ${delivery.id}` })
            await delivery.ack()
            acknowledged.push(delivery.id)
          },
          { prefetch: 2 },
        )
        await within('the subscription', listener.ready)
        for (const id of ['1', '2', '3']) await connection.send(queue, id, { id })
        await eventually('two handlers', () => started.length === 2)
        const closing = connection.close()
        const watched = watch(closing)
        assert.throws(() => connection.listen(queue, () => {}), { code: 'closed' })
        assert.equal(watched.state(), 'pending')
        work.resolve()
        await within('the end', closing)
        assert.deepEqual(acknowledged.toSorted(), ['1', '2'])
        await assert.rejects(connection.send(queue, 'late'), { code: 'closed', outcome: 'not-sent' })
        assert.deepEqual(await stage.rest(queue, 'end'), ['3'])
        assert.deepEqual((await stage.rest(results, 'end')).toSorted(), ['result 1', 'result 2'])
      },
    },
    {
      item: 47,
      title: 'close is bounded when the peer is dead',
      needs: ['silence'],
      run: async (stage) => {
        const { connection } = await stage.enter({ heartbeat: '0', drainTimeout: '400' })
        await stage.inbox(connection, stage.queue())
        stage.front.mute()
        const sending = watch(connection.send(stage.queue(), 'x'))
        await within('the end', Promise.all([connection.close(), connection.close()]))
        assert.equal(sending.state(), 'rejected')
      },
    },
    {
      item: 48,
      title: 'sends that are unconfirmed when close gives up end with what is known of them',
      needs: ['held-answers'],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter({ drainTimeout: '400' })
        stage.front.hold()
        const sends = ['1', '2', '3'].map((id) => watch(connection.send(queue, id, { id })))
        await within('the end', connection.close())
        for (const [index, send] of sends.entries()) {
          const error = send.error()
          assert.ok(error instanceof SendError)
          assert.deepEqual([error.code, error.outcome, error.messageId], ['closed', 'unknown', String(index + 1)])
        }
        assert.equal(connection.pending, 0)
      },
    },
    {
      item: 48,
      title: 'sends that are confirmed while close waits are confirmed',
      needs: ['held-answers'],
      run: async (stage) => {
        const { connection } = await stage.enter({ drainTimeout: '30000' })
        stage.front.hold()
        const sending = connection.send(stage.queue(), 'x', { id: 'in time' })
        const closing = connection.close()
        await stage.front.heal()
        assert.equal(await within('the confirm', sending), 'in time')
        await within('the end', closing)
      },
    },
    {
      item: 49,
      title: 'a connection that was closed leaves no socket and no timer',
      needs: [],
      run: async (stage) => {
        const before = handles()
        const clock = countingClock()
        const entered = await stage.enter({}, { clock })
        const queue = stage.queue()
        const inbox = await stage.inbox(entered.connection, queue)
        await entered.connection.send(queue, 'x', { id: 'one' })
        await inbox.of('one')
        await stage.cutAndResume(entered, ['producer', 'listener'])
        await entered.connection.send(queue, 'x', { id: 'two' })
        await inbox.of('two')
        assert.ok(stage.front.open > 0)
        await within('the end', entered.connection.close())
        assert.equal(clock.running(), 0)
        await eventually(`no handle beyond ${JSON.stringify(before)}`, () => {
          const now = handles()
          return stage.front.open === 0 && Object.entries(now).every(([type, count]) => count <= (before[type] ?? 0))
        })
      },
    },
    {
      item: 51,
      title: 'a final failure is reported once by each link, and later calls fail with it at once',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const entered = await stage.enter({ maxReconnectAttempts: '0' })
        await stage.inbox(entered.connection, queue)
        stage.front.slam()
        stage.front.cut()
        const failed = (): string[] => entered.events.flatMap((event) => (event.type === 'failed' ? [event.role] : []))
        await eventually('both failures', () => failed().length >= 2)
        await assert.rejects(entered.connection.send(queue, 'x'), { code: 'attempts-exhausted', outcome: 'not-sent' })
        await assert.rejects(entered.connection.listen(queue, () => {}).ready, { code: 'attempts-exhausted' })
        await assert.rejects(entered.connection.connected(), { code: 'attempts-exhausted' })
        await within('the end', entered.connection.close())
        assert.deepEqual(failed().toSorted(), ['listener', 'producer'])
      },
    },
    {
      item: 52,
      title: 'after two failovers in a row everything confirmed was consumed',
      needs: ['kill'],
      run: async (stage) => {
        await acrossAFault(stage, async () => {
          await stage.broker.kill()
          await stage.broker.revive()
          await stage.broker.kill()
          await stage.broker.revive()
        })
      },
    },
  ],
}

/** The system's clock, and how many of the client's own timers run. */
function countingClock(): Clock & { readonly running: () => number } {
  const timers = new Set<Timer>()
  return {
    ...systemClock,
    running: () => timers.size,
    after: (delayMs, action) => {
      const inner = systemClock.after(delayMs, () => {
        timers.delete(timer)
        action()
      })
      const timer: Timer = {
        cancel: () => {
          timers.delete(timer)
          inner.cancel()
        },
      }
      timers.add(timer)
      return timer
    },
  }
}

const LASTING: ReadonlySet<string> = new Set(['TCPSocketWrap', 'TLSWrap', 'TCPConnectWrap', 'Timeout'])

/** How many of each kind of resource keep the process busy, but for those that belong to nobody for long. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const type of process.getActiveResourcesInfo()) {
    if (LASTING.has(type)) counts[type] = (counts[type] ?? 0) + 1
  }
  return counts
}

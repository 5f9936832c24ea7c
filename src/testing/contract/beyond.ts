import assert from 'node:assert/strict'
import type { StatusEvent } from '../../failover/status.ts'
import type { Logger } from '../../logger.ts'
import type { ContractGroup } from './contract-test.ts'
import { eventOf } from './stage.ts'
import { eventually, watch, within } from './waiting.ts'

/** What no single link can show: moves between brokers, and what is told of them. */
export const beyond: ContractGroup = {
  name: 'Lifecycle: between brokers',
  tests: [
    {
      item: 62,
      title: 'a list falls over from one kind of broker to another',
      needs: [],
      run: async (stage) => {
        const name = stage.queue().slice('queue://'.length)
        const other = `memory:${name}`
        const uri = `failover:(${stage.alone(stage.front.address)},${other})?randomize=false&drainTimeout=500`
        const connection = await stage.dial(uri)
        const queue = stage.queue()
        const inbox = await stage.inbox(connection, queue)
        await connection.send(queue, 'x', { id: 'here' })
        assert.ok(!(await inbox.of('here')).endpoint.includes(name))
        stage.front.slam()
        stage.front.cut()
        await within('a send', connection.send(queue, 'x', { id: 'there' }))
        assert.ok((await inbox.of('there')).endpoint.includes(name))
      },
    },
    {
      item: 63,
      title: 'priorityBackup returns to the preferred broker when handlers have finished',
      needs: [],
      run: async (stage) => {
        await stage.front.refuse()
        const both = [stage.front.address, stage.back.address]
        const entered = await stage.through(both, { priorityBackup: 'true', drainTimeout: '30000' })
        const { connection, events } = entered
        const queue = stage.queue()
        const inbox = await stage.inbox(connection, queue, { settle: 'nothing' })
        await connection.send(queue, 'x', { id: 'in hand' })
        const delivery = await inbox.of('in hand')
        assert.equal(stage.back.open, 2)
        await stage.front.heal()
        const isPreferred = (role: string): boolean =>
          events.some((one) => one.type === 'resumed' && one.role === role && one.endpoint !== delivery.endpoint)
        await eventually('the switch', () =>
          events.some(({ type, role }) => type === 'switching' && role === 'listener'),
        )
        await eventually('the producer', () => isPreferred('producer'))
        assert.equal(isPreferred('listener'), false)
        await within('the ack', delivery.ack())
        await eventually('the listener', () => isPreferred('listener'))
        assert.deepEqual(
          events.filter(({ type }) => type === 'interrupted'),
          [],
        )
        await within('a send', connection.send(queue, 'x', { id: 'after' }))
        await within('the ack', (await inbox.of('after')).ack())
      },
    },
    {
      item: 64,
      title: 'a broker that keeps a confirm to itself for confirmTimeout is left, and the message sent elsewhere',
      needs: ['silence'],
      run: async (stage) => {
        const both = [stage.front.address, stage.back.address]
        const entered = await stage.through(both, { heartbeat: '0', confirmTimeout: '300', connectTimeout: '300' })
        stage.front.mute()
        const id = await within('the confirm', entered.connection.send(stage.queue(), 'x', { id: 'moved' }))
        assert.equal(id, 'moved')
        assert.equal((await eventOf(entered, 'interrupted')).error.code, 'confirm-timeout')
      },
    },
    {
      item: 65,
      title: 'no user name and no password is told in any event, error or log line',
      needs: [],
      run: async (stage) => {
        // A broker that asks for none takes any.
        const login = stage.broker.credentials ?? { username: 'a-user-of-ours', password: 'a-password-of-ours' }
        const told: unknown[] = []
        const note = (...words: unknown[]): void => void told.push(words)
        const logger: Logger = { debug: note, info: note, warn: note, error: note }
        const address = stage.login(stage.front.address, login)
        const options = { maxReconnectAttempts: '1', initialReconnectDelay: '1' }
        const connection = await stage.dial(`failover:(${address})${stage.query(options)}`, { logger })
        const events: StatusEvent[] = []
        connection.observe((event) => events.push(event))
        const inbox = await stage.inbox(connection, stage.queue())
        stage.front.slam()
        stage.front.cut()
        await eventually('both failures', () => events.filter(({ type }) => type === 'failed').length === 2)
        const error = await connection.send(stage.queue(), 'x').catch((thrown: unknown) => thrown)
        told.push(connection.uri, error, inbox.listener.endedBy, ...events)
        const text = inEveryForm(told)
        for (const secret of Object.values(login)) assert.ok(!text.includes(secret), secret)
        assert.ok(told.length > 4)
      },
    },
    {
      item: 66,
      title: 'close may be called again, at any time, and ends the status events',
      needs: [],
      run: async (stage) => {
        const entered = await stage.enter()
        const seen: string[] = []
        const reading = (async () => {
          for await (const event of entered.connection.status()) seen.push(event.type)
        })()
        await stage.cutAndResume(entered, ['producer'])
        await within('the ends', Promise.all([entered.connection.close(), entered.connection.close()]))
        await within('the end of the events', reading)
        assert.deepEqual(seen.slice(0, 1), ['interrupted'])
        assert.ok(seen.includes('resumed'))
        await within('another end', entered.connection[Symbol.asyncDispose]())
        await assert.rejects(entered.connection.connected(), { code: 'closed' })
        assert.throws(() => entered.connection.listen(stage.queue(), () => {}), { code: 'closed' })
      },
    },
    {
      item: 67,
      title: 'close while the list is being tried ends the trying',
      needs: [],
      run: async (stage) => {
        const entered = await stage.enter()
        stage.front.slam()
        stage.front.cut()
        await eventOf(entered, 'reconnecting')
        const sending = watch(entered.connection.send(stage.queue(), 'x'))
        await within('the end', entered.connection.close())
        assert.equal(sending.state(), 'rejected')
        await stage.front.heal()
        // Whatever was under way has come to the door before this one.
        const { connection } = await stage.enter()
        const dials = stage.front.dials
        await stage.enter()
        await connection.send(stage.queue(), 'x')
        assert.equal(stage.front.dials, dials + 1)
      },
    },
    {
      item: 68,
      title: 'what cannot be meant is refused before anything is sent, and harms nobody',
      needs: [],
      run: async (stage) => {
        const queue = stage.queue()
        const { connection } = await stage.enter()
        const invalid = { code: 'invalid-option' }
        await assert.rejects(connection.send('place://x', 'x'), invalid)
        await assert.rejects(connection.send('queue://', 'x'), invalid)
        await assert.rejects(connection.send(queue, 'x', { priority: 10 }), invalid)
        await assert.rejects(connection.send(queue, 'x', { id: '' }), invalid)
        await assert.rejects(connection.send(queue, 'x', { expireAfterMs: -1 }), invalid)
        await assert.rejects(connection.send(queue, 'x', { headers: { count: 1 as unknown as string } }), invalid)
        await assert.rejects(connection.send(queue, 1n as unknown as number), invalid)
        assert.throws(() => connection.listen(queue, () => {}, { prefetch: 0 }), invalid)
        assert.throws(() => connection.listen(queue, () => {}, { concurrency: 0 }), invalid)
        assert.equal(connection.pending, 0)
        await connection.send(queue, 'x', { id: 'good' })
        assert.deepEqual(await stage.rest(queue, 'end'), ['good'])
      },
    },
  ],
}

/** Everything that a log could make of it. */
function inEveryForm(values: readonly unknown[]): string {
  const seen = new Set<unknown>()
  const lines: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) {
      lines.push(String(value))
      return
    }
    if (seen.has(value)) return
    seen.add(value)
    if (value instanceof Error) lines.push(value.message, value.stack ?? '')
    for (const name of Object.getOwnPropertyNames(value)) visit((value as Record<string, unknown>)[name])
  }
  visit(values)
  return lines.join('\n')
}

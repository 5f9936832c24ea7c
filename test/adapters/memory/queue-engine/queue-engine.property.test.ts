import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  type EngineConsumer,
  QueueEngine,
  type QueuedMessage,
} from '../../../../adapters/memory/queue-engine/queue-engine.ts'
import { HandClock } from '../hand-clock.ts'

const QUEUES = ['a', 'b'] as const
type QueueName = (typeof QUEUES)[number]

/** What one consumer was handed and has not settled, in the order of delivery. */
interface Holder {
  readonly queue: string
  readonly prefetch: number
  readonly consumer: EngineConsumer<number>
  readonly held: Map<number, number>
  open: boolean
}

type Step =
  | { readonly do: 'send'; readonly to: QueueName }
  | { readonly do: 'consume'; readonly from: string; readonly prefetch: number }
  | { readonly do: 'settle'; readonly who: number; readonly which: number; readonly how: 'ack' | 'reject' | 'requeue' }
  | { readonly do: 'pause' | 'resume' | 'stop' | 'close'; readonly who: number }

const who = fc.nat({ max: 7 })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), to: fc.constantFrom(...QUEUES) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('consume' as const),
        from: fc.constantFrom('a', 'b', 'DLQ.a'),
        prefetch: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        who,
        which: fc.nat({ max: 3 }),
        how: fc.constantFrom('ack' as const, 'ack' as const, 'reject' as const, 'requeue' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('pause' as const, 'resume' as const, 'stop' as const, 'close' as const),
        who,
      }),
    },
  ),
  { maxLength: 200, size: 'max' },
)

/** An engine under observation, checked after every step. */
class Observed {
  readonly engine: QueueEngine<number>
  readonly stored = new Map<number, string>()
  readonly holders: Holder[] = []
  readonly gone = new Set<number>()
  #sent = 0

  constructor() {
    const stored = this.stored
    this.engine = new QueueEngine<number>({
      clock: new HandClock(),
      journal: {
        enqueued(queue, message) {
          assert.ok(!stored.has(message.sequence))
          stored.set(message.sequence, queue)
        },
        dispatched: () => {},
        removed(queue, message) {
          assert.equal(stored.get(message.sequence), queue)
          stored.delete(message.sequence)
        },
      },
    })
  }

  run(step: Step): void {
    switch (step.do) {
      case 'send':
        this.engine.send(
          { kind: 'queue', name: step.to },
          { payload: this.#sent, sizeBytes: 1, persistent: true, expiresAtMs: undefined },
        )
        this.#sent += 1
        break
      case 'consume':
        this.#consume(step.from, step.prefetch)
        break
      case 'settle':
        this.#settle(step.who, step.which, step.how)
        break
      case 'pause':
      case 'resume':
      case 'stop':
        this.holders[step.who]?.consumer[step.do]()
        break
      case 'close':
        this.#close(step.who)
        break
    }
    this.#check()
  }

  /** Closes everything and takes what is left. */
  drain(): void {
    for (const index of this.holders.keys()) this.#close(index)
    for (const queue of ['a', 'b', 'DLQ.a', 'DLQ.b']) {
      const last = { value: -1 }
      const consumer: EngineConsumer<number> = this.engine.consume(
        { kind: 'queue', name: queue },
        {
          prefetch: 1,
          deliver: ({ payload, sequence }) => {
            assert.ok(sequence > last.value, 'what is left comes in order')
            last.value = sequence
            assert.ok(!this.gone.has(payload), 'what was settled does not come again')
            this.gone.add(payload)
            consumer.settle(sequence, 'ack')
          },
        },
      )
      consumer.resume()
      consumer.close()
    }
    assert.equal(this.gone.size, this.#sent, 'nothing is lost')
    assert.equal(this.stored.size, 0, 'the journal ends empty')
    assert.deepEqual(this.engine.depths(), [])
  }

  #consume(queue: string, prefetch: number): void {
    if (this.holders.length >= 8) return
    const held = new Map<number, number>()
    const last = { value: -1 }
    const deliver = ({ payload, redelivered, sequence }: QueuedMessage<number>): void => {
      assert.ok(redelivered || sequence > last.value, 'a consumer gets new messages in order')
      if (!redelivered) last.value = sequence
      assert.ok(!this.gone.has(payload), 'what was settled does not come again')
      held.set(sequence, payload)
    }
    const consumer = this.engine.consume({ kind: 'queue', name: queue }, { prefetch, deliver })
    this.holders.push({ queue, prefetch, consumer, held, open: true })
    consumer.resume()
  }

  #settle(who: number, which: number, how: 'ack' | 'reject' | 'requeue'): void {
    const holder = this.holders[who]
    const entry = holder === undefined ? undefined : [...holder.held][which]
    if (holder === undefined || entry === undefined) return
    const [sequence, payload] = entry
    holder.held.delete(sequence)
    // A dead letter that is rejected is dropped, as an acknowledged one is.
    if (how === 'ack' || (how === 'reject' && holder.queue.startsWith('DLQ.'))) this.gone.add(payload)
    assert.equal(holder.consumer.settle(sequence, how), true)
  }

  #close(who: number): void {
    const holder = this.holders[who]
    if (holder === undefined || !holder.open) return
    holder.open = false
    holder.held.clear()
    holder.consumer.close()
  }

  #check(): void {
    const seen = new Set<number>()
    let held = 0
    for (const { consumer, held: own, prefetch } of this.holders) {
      assert.ok(own.size <= prefetch, 'prefetch is never exceeded')
      assert.equal(consumer.unsettled, own.size)
      held += own.size
      for (const payload of own.values()) {
        assert.ok(!seen.has(payload), 'no message is in two places')
        seen.add(payload)
      }
    }
    let ready = 0
    let unsettled = 0
    for (const depth of this.engine.depths()) {
      ready += depth.ready
      unsettled += depth.unsettled
      const starving = this.holders.filter(({ consumer, queue }) => queue === depth.name && consumer.wantsMore)
      assert.ok(depth.ready === 0 || starving.length === 0, 'nothing waits while somebody wants it')
    }
    assert.equal(unsettled, held)
    assert.equal(ready + held + this.gone.size, this.#sent, 'every message is somewhere')
    assert.equal(this.stored.size, ready + held, 'the journal knows every message')
  }
}

test('whatever is done: nothing lost, nothing twice, in order, within prefetch, and the journal agrees', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const observed = new Observed()
      for (const step of sequence) observed.run(step)
      observed.drain()
    }),
    { numRuns: 500 },
  )
})

import type { EngineAddress, QueueEngine } from '../../../adapters/memory/queue-engine/queue-engine.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { type TempQueues, tempQueueName } from './destination-header.ts'
import type { StoredFrame } from '../stored-frame.ts'

const MOST = 100

/** The `/temp-queue/NAME`s of one session: nobody else knows them, and they end with it, whatever they hold. */
export class SessionQueues implements TempQueues {
  readonly #engine: QueueEngine<StoredFrame>
  readonly #session: string
  readonly #names = new Set<string>()

  /** `session` is a name that no other session has. */
  constructor(engine: QueueEngine<StoredFrame>, session: string) {
    this.#engine = engine
    this.#session = session
  }

  /** @throws UnderstudyError `protocol` when there are too many. */
  nameOf(own: string): string {
    const name = tempQueueName(this.#session, own)
    if (!this.#names.has(name) && this.#names.size >= MOST)
      throw new UnderstudyError('protocol', `a connection has at most ${MOST} temporary queues`)
    this.#names.add(name)
    return name
  }

  has({ kind, name }: EngineAddress): boolean {
    return kind === 'queue' && this.#names.has(name)
  }

  drop(): void {
    for (const name of this.#names) this.#engine.drop(name)
    this.#names.clear()
  }
}

import type { Clock } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import { messageOf, UnderstudyError } from '../../errors.ts'
import { workersOf } from '../../jobs/worker/control.ts'
import type { WorkerDescription } from '../../jobs/worker/description.ts'
import { HeartbeatRegistry, type HeardWorker } from '../../jobs/worker/heartbeat.ts'
import type { Logger } from '../../logger.ts'
import { Glance, type Seen } from '../live/glance.ts'
import type { Tell } from '../tellable.ts'
import { Hearing } from './hearing.ts'

export interface WorkerRosterOptions {
  readonly connection: Connection
  readonly clock: Clock
  readonly logger: Logger
  readonly tell: Tell
  readonly onChange: () => void
}

const EVERY_MS = 2000
const ANSWERS_MS = 700
const ENOUGH_MS = 5_000

/** Who works: what workers show by their heartbeats, and what they answer when somebody looks. */
export class WorkerRoster {
  readonly #registry: HeartbeatRegistry
  readonly #hearing: Hearing
  readonly #options: WorkerRosterOptions
  readonly #glance: Glance<readonly WorkerDescription[]>
  readonly #canAsk: boolean
  #closed = false

  constructor(options: WorkerRosterOptions) {
    this.#options = options
    const { connection, clock, tell, onChange } = options
    this.#canAsk = connection.can('topics')
    this.#registry = new HeartbeatRegistry({ connection, clock, onChange })
    this.#hearing = new Hearing(connection, clock, () => this.#registry.workers())
    this.#glance = new Glance({
      clock,
      everyMs: EVERY_MS,
      look: () => this.#ask(),
      trouble: 'workers could not be asked',
      tell,
      onSeen: onChange,
    })
  }

  /** Whether workers can be heard over every broker of the list. */
  get canAsk(): boolean {
    return this.#canAsk
  }

  /** When workers were asked last, and why they could not be since; neither where they are never asked. */
  get seen(): Pick<Seen<unknown>, 'at' | 'error'> {
    return this.#glance.seen
  }

  /** Begins to listen for heartbeats. Never rejects. */
  start(): void {
    if (!this.#canAsk) return
    this.#registry.start().catch((error: unknown) => {
      if (this.#closed) return
      this.#options.logger.warn({ error: messageOf(error) }, 'the heartbeats of workers cannot be heard')
    })
  }

  /** By their names: those that answered last, and those that were heard of. Asks again in the background. */
  workers(): readonly HeardWorker[] {
    if (this.#canAsk) this.#glance.poke()
    const known = new Map<string, HeardWorker>(
      this.#hearing.judge(this.#registry.workers()).map((worker) => [worker.id, worker]),
    )
    for (const answered of this.#glance.seen.value ?? []) {
      const heard = known.get(answered.id)
      // Who stopped has taken its leave by a heartbeat, and may have answered before.
      if (answered.state === 'stopped') continue
      if (heard === undefined || heard.at < answered.at)
        known.set(answered.id, { ...answered, isGone: heard?.isGone ?? false })
    }
    return [...known.values()].toSorted((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
  }

  /** The same, once workers have had the time to answer, or `waitMs` at most. Never rejects. */
  async fresh(waitMs: number): Promise<readonly HeardWorker[]> {
    // They answer for as long as is waited for them; what they said a while ago, and their heartbeats, are as good.
    if (this.#canAsk) await this.#glance.fresh(waitMs, ENOUGH_MS)
    return this.workers()
  }

  /** Some were told something, and answered with how they are since. */
  answered(workers: readonly WorkerDescription[]): void {
    const others = this.#glance.seen.value?.filter(({ id }) => !workers.some((one) => one.id === id)) ?? []
    this.#glance.see([...others, ...workers])
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#hearing.close()
    await Promise.all([this.#registry.close(), this.#glance.close()])
  }

  /** @throws UnderstudyError `unreachable`: where no broker serves nobody answers, which says nothing of who works. */
  async #ask(): Promise<readonly WorkerDescription[]> {
    const { connection } = this.#options
    const mustHear = (): void => {
      if (!this.#hearing.isUp) throw new UnderstudyError('unreachable', 'no broker serves')
    }
    mustHear()
    const answered = await workersOf(connection, { wait: ANSWERS_MS })
    mustHear()
    return answered
  }
}

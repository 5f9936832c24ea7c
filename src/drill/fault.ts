/** What a probe of one endpoint met. `serving`: a whole STOMP or AMQP handshake was answered. */
export type ProbeFinding = 'serving' | 'refused' | 'mute' | 'reset' | 'unreachable'

/**
 * How clients are to be served again: `takeover`, by another broker while the hurt one is away; `service`, by
 * whichever, and be it after the heal.
 */
export type Expectation = 'takeover' | 'service'

/** How long jobs should not flow, told before the fault from the settings that the brokers run with. */
export interface Prediction {
  /** The shortest, in milliseconds. */
  readonly lowerMs: number
  /** The longest, in milliseconds; null when it lasts until the fault is healed. */
  readonly upperMs: number | null
  /** The settings that say so, with their values, as one sentence. */
  readonly because: string
}

/** What a fault may want to know of the drill at the moment that it is aimed. */
export interface FaultContext {
  /** The name of the queue that the jobs go to; undefined when they go elsewhere. */
  readonly queue: string | undefined
  /** The name of the node that the drill's producer is connected to; undefined when that is not known. */
  readonly clientNode: string | undefined
  readonly signal: AbortSignal
}

/** Something that can be done to brokers, or to what they lean on, and undone. */
export interface Fault {
  /** In kebab case, as the command line names it: `kill`, `lock-kill`, `db-restart`. */
  readonly name: string
  /** What it does, in a few words for a listing: `SIGKILL to the broker that serves`. */
  readonly summary: string
  readonly expects: Expectation
  /**
   * When the drill heals: `after-recovery`, once jobs flow without the heal (or have failed to for as long as
   * a takeover may take); `after-hold`, after the plan's `holdMs`.
   */
  readonly heals: 'after-recovery' | 'after-hold'
  /** What the settings say of it; undefined where they say nothing. */
  readonly predicted: Prediction | undefined
  /**
   * Why it cannot be done here, as a clause without its full stop, such as `the machine has no network
   * namespaces`; undefined when it can. Asked before anything is hurt.
   */
  missing(): Promise<string | undefined>
  /**
   * Chooses what will be hurt and hurts nothing yet. Undefined when there is nothing to hurt, such as no
   * broker that holds the lock.
   */
  aim(context: FaultContext): Promise<Aim | undefined>
}

/** A fault with its target chosen. Every call is bounded in time. */
export interface Aim {
  /** What is hurt: a broker's name, or the word for something else, such as `database`. */
  readonly target: string
  /** The endpoint of the broker that is hurt; null when it is no one broker. */
  readonly endpoint: string | null
  /** What it has suffered, as in `a was killed`: `killed`, `cut off from the others`. */
  readonly done: string
  /** What probes of `endpoint` should meet then; undefined when they may go on as before. */
  readonly finding: Exclude<ProbeFinding, 'serving'> | undefined
  /** Gives the command. @throws UnderstudyError when it cannot be carried out. */
  inject(): Promise<void>
  /** Looks once whether it took effect: the proof as a clause, or undefined while nothing proves it. Cheap. */
  proof(): Promise<string | undefined>
  /**
   * Undoes it, and returns how, such as `continued (SIGCONT)`; undefined when nothing is left to undo. It
   * may be called at any time after `aim`, also when `inject` failed half-way, and twice.
   */
  heal(): Promise<string | undefined>
}

import type { MarkerKind, Topology } from './broker-control.ts'

/** How a topology is spoken of. */
export interface TopologyWords {
  /** What sets the one broker apart that a drill hurts, as in `a holds the lock`. */
  readonly does: string
  /** Its title beside its name. */
  readonly title: string
  /** What the others do, as in `b stands by`. */
  readonly othersDo: string
  /** A broker that refuses connections and was not hurt. */
  readonly refusing: string
  /** That there was no such broker, as a sentence without its full stop. */
  readonly nobody: string
  /** What cannot be told when nobody answers, as in `who holds the lock`. */
  readonly who: string
  /** What `moved` to a broker, as in `lock held by b`. */
  readonly moved: string
  /** The same as a label of a plot, before the broker's name. */
  readonly movedTo: string
  /** What is said when it left a broker for none; null where that is said of the broker itself. */
  readonly left: string | null
  /** The markers for the two. */
  readonly gained: MarkerKind
  readonly lost: MarkerKind
}

const WORDS: Readonly<Record<Topology, TopologyWords>> = {
  lock: {
    does: 'holds the lock',
    title: 'master',
    othersDo: 'stands by',
    refusing: 'standing by',
    nobody: 'No broker held the lock',
    who: 'who holds the lock',
    moved: 'lock held by',
    movedTo: 'lock to',
    left: null,
    gained: 'lock-acquired',
    lost: 'lock-released',
  },
  quorum: {
    does: 'leads the queues',
    title: 'leader',
    othersDo: 'serves',
    refusing: 'not serving',
    nobody: 'No broker led the queue',
    who: 'who leads the queues',
    moved: 'queue led by',
    movedTo: 'leader is',
    left: 'queue without a leader',
    gained: 'leader-elected',
    lost: 'leader-lost',
  },
  'home-node': {
    does: 'is home to the queues',
    title: 'home',
    othersDo: 'serves',
    refusing: 'not serving',
    nobody: 'The queue was at home on no broker',
    who: 'who is home to the queues',
    moved: 'queue at home on',
    movedTo: 'queue on',
    left: 'queue not to be reached',
    gained: 'queue-up',
    lost: 'queue-down',
  },
}

/** Undefined is `lock`, as in a history or a control that does not say. */
export function wordsOf(topology: Topology | undefined): TopologyWords {
  return WORDS[topology ?? 'lock']
}

/** Whether this is the word for a broker that took over what only one can have at a time. */
export function isGain(kind: MarkerKind): boolean {
  return Object.values(WORDS).some(({ gained }) => gained === kind)
}

/** Whether one broker alone may serve, so that two that do are two masters. */
export function oneServes(topology: Topology | undefined): boolean {
  return (topology ?? 'lock') === 'lock'
}

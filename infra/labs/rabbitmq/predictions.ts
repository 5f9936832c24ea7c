import type { Prediction } from '../../../src/drill/fault.ts'
import { seconds, untilHealed } from '../../prediction.ts'

// RabbitMQ's own defaults, which the labs leave alone.
export const FAILURE_DETECTOR_POLL_MS = 5_000
export const NET_TICK_MS = 60_000
/** By Erlang's documentation a silent node is taken for gone after a net_ticktime, give or take a quarter. */
const TICK_MOST_MS = 1.25 * NET_TICK_MS
/** From a leader that is known to be gone to one that confirms; measured 0.2 to 0.5 s on an idle machine. */
export const ELECTION_MS = 5_000
/** From the start of a node to its classic queues; measured 4 s on an idle machine. */
export const BOOT_MS = 15_000

/** What a dead node's links are given to close. */
const CLOSING_MS = 1_000

type Predictions = Readonly<Record<string, Prediction>>

const ALARMS: Predictions = {
  'memory-alarm': untilHealed(
    'vm_memory_high_watermark 0 on every node raises its memory alarm, and a cluster with an alarm reads from no connection that publishes',
  ),
  'disk-alarm': untilHealed(
    'a disk_free_limit beyond the disk on every node raises its disk alarm, and a cluster with an alarm reads from no connection that publishes',
  ),
}

const BY_CLOSED_CONNECTIONS: Prediction = {
  lowerMs: 0,
  upperMs: ELECTION_MS,
  because: `the connections of a dead process close at once, and an election is over within ${seconds(ELECTION_MS)}`,
}

/** Seen on 3.10.8 with a bare amqplib, too: a channel that was open before goes on, a new one waits. */
const NEW_CHANNELS_WAIT = `but a channel that is opened anew is led to the old leader until the other nodes take it for gone, which net_ticktime ${seconds(NET_TICK_MS)} decides, give or take a quarter`

/** When another leader stands, where the one before is silent. */
export const SUSPECTED: string = `a silent leader is suspected at the second poll of the failure detector at most (aten poll_interval ${seconds(FAILURE_DETECTOR_POLL_MS)}), and an election is over within ${seconds(ELECTION_MS)}`

/** A leader that is silent and not known to be gone: paused, or cut off from everybody. */
export const SILENT_LEADER: Prediction = {
  lowerMs: FAILURE_DETECTOR_POLL_MS,
  upperMs: TICK_MOST_MS + ELECTION_MS,
  because: `${SUSPECTED}; ${NEW_CHANNELS_WAIT}`,
}

/** What the nodes' settings say of quorum queues with a replica on each of three nodes. */
export const QUORUM_PREDICTIONS: Predictions = {
  kill: BY_CLOSED_CONNECTIONS,
  stop: BY_CLOSED_CONNECTIONS,
  pause: SILENT_LEADER,
  'kill-follower': {
    lowerMs: 0,
    upperMs: CLOSING_MS,
    because: `two of three replicas are a majority, and the leader is one of them: nobody is elected; the links of a dead node are given ${seconds(CLOSING_MS)} to close`,
  },
  'kill-two': untilHealed(
    'one of three replicas is no majority: it confirms nothing (publishes hang, or are nacked and sent again)',
  ),
  'pause-client': {
    lowerMs: 0,
    upperMs: SILENT_LEADER.upperMs,
    because: `a client of the paused node waits for its own heart-beat; where that node leads the queue too, ${SILENT_LEADER.because}`,
  },
  ...ALARMS,
}

const NOBODY_ELSE = untilHealed(
  `a classic queue is on its home node alone; after a start it is back within ${seconds(BOOT_MS)}`,
)

/** The same of classic queues, each at home on one node. */
export const CLASSIC_PREDICTIONS: Predictions = {
  kill: NOBODY_ELSE,
  stop: NOBODY_ELSE,
  pause: untilHealed('a classic queue is on its home node alone, and a paused one keeps what it has'),
  'pause-client': untilHealed(
    'a client of the paused node waits for its own heart-beat; where that node is home to the queue, until it goes on',
  ),
  ...ALARMS,
}

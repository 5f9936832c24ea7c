/** What the job layer has to stand, and the tests that show it. */

/** A test, and the brokers and stores that its file runs it on. */
interface Proof {
  readonly file: string
  /** The name, or as much of it as stands in one place. */
  readonly test: string
  /** Names of labs, as they stand in the file that runs it. */
  readonly labs?: readonly string[]
  readonly stores?: readonly string[]
  /** Where the test is registered, when that is another file. */
  readonly runIn?: string
}

export interface Check {
  readonly what: string
  /** Whether a broker has a say in it. */
  readonly onBrokers: boolean
  /** Whether a store has a say in it. */
  readonly onStores: boolean
  readonly proofs: readonly Proof[]
}

const BOTH = ['SQLite', 'MariaDB']
const ANYWHERE = ['activemq-kahadb', 'activemq-jdbc', 'rabbitmq-classic', 'rabbitmq-quorum']
const WORKERS = 'test/jobs/worker/on-brokers.test.ts'
const FAILURES = 'test/jobs/failures/on-brokers.test.ts'
const JOBS = 'test/jobs/on-brokers.test.ts'
const BRIEF = ['activemq-kahadb', 'rabbitmq-classic']

const worker = (test: string, stores?: readonly string[]): Proof => ({
  file: WORKERS,
  test,
  labs: BRIEF,
  ...(stores === undefined ? {} : { stores }),
})
const badJob = (test: string): Proof => ({
  file: 'test/jobs/worker/bad-jobs.ts',
  test,
  labs: BRIEF,
  stores: BOTH,
  runIn: WORKERS,
})
const operator = (test: string): Proof => ({
  file: 'test/jobs/failures/operators.ts',
  test,
  labs: BRIEF,
  stores: BOTH,
  runIn: FAILURES,
})
const failure = (test: string): Proof => ({ file: FAILURES, test, labs: BRIEF, stores: BOTH })

/** By number. */
export const CHECKS: Readonly<Record<number, Check>> = {
  1: {
    what: 'one job file works on STOMP and AMQP, where only the URI differs',
    onBrokers: true,
    onStores: false,
    proofs: [{ file: JOBS, test: 'works on the same job file', labs: ANYWHERE }],
  },
  2: {
    what: 'what is enqueued with no worker there survives a restart of the broker',
    onBrokers: true,
    onStores: false,
    proofs: [
      { file: JOBS, test: 'loses no job that was enqueued when the broker restarts before there is', labs: ANYWHERE },
    ],
  },
  3: {
    what: 'with prefetch 1 a slow job starves no second worker',
    onBrokers: true,
    onStores: false,
    proofs: [worker('with prefetch 1 are not starved by a slow job of another')],
  },
  4: {
    what: 'the job of a killed worker comes again, and is kept as `worker_lost` after the limit',
    onBrokers: true,
    onStores: true,
    proofs: [worker('hand the job of a killed worker to another one, and keep it as worker_lost', BOTH)],
  },
  5: {
    what: 'TERM lets the job in hand end, and the process with 0',
    onBrokers: true,
    onStores: true,
    proofs: [worker('finish the job in hand on TERM, acknowledge it and exit with 0', BOTH)],
  },
  6: {
    what: 'TERM past the grace leaves the job on the broker',
    onBrokers: true,
    onStores: true,
    proofs: [worker('let go of the job in hand on TERM past the grace, and another one gets it', BOTH)],
  },
  7: {
    what: 'a pause stops what comes in, and CONT starts it again',
    onBrokers: true,
    onStores: true,
    proofs: [
      {
        file: 'test/cli/jobs/walk.test.ts',
        test: 'takes nothing after USR2, and goes on with CONT',
        labs: ['activemq-jdbc', 'rabbitmq-classic'],
      },
      {
        file: 'src/testing/failure-store/sending-back.ts',
        test: 'a paused queue is paused for everybody until it is resumed',
        stores: ['SQLite'],
        runIn: 'test/adapters/sqlite/contract.test.ts',
      },
      {
        file: 'src/testing/failure-store/sending-back.ts',
        test: 'a paused queue is paused for everybody until it is resumed',
        stores: ['MariaDB'],
        runIn: 'test/adapters/mysql/contract.test.ts',
      },
    ],
  },
  8: {
    what: 'each kind of bad job is one record, and comes no more',
    onBrokers: true,
    onStores: true,
    proofs: [badJob('keep one record each of bad jobs, and none of them comes again')],
  },
  9: {
    what: 'a job is acknowledged only when its failure is kept',
    onBrokers: true,
    onStores: true,
    proofs: [
      badJob('have a failed job acknowledged only once the failure is kept'),
      badJob('leave a failure at the broker where the store is down, and nothing of it in the queue'),
      { file: 'test/jobs/worker/one-delivery.test.ts', test: 'is acknowledged neither before the store nor' },
    ],
  },
  10: {
    what: 'delays are those of the formula, by a clock of the test',
    onBrokers: false,
    onStores: false,
    proofs: [
      { file: 'test/jobs/worker/attempts.test.ts', test: 'are sent with the delays of the formula' },
      { file: 'test/jobs/worker/retry-policy.test.ts', test: 'within the jitter of the formula, for every attempt' },
    ],
  },
  11: {
    what: 'a delay of 31 minutes holds nothing unacknowledged',
    onBrokers: true,
    onStores: false,
    proofs: [worker('hold nothing while a retry waits for half an hour')],
  },
  12: {
    what: 'failures are found by their error and sent back once the fix is in: all succeed',
    onBrokers: true,
    onStores: true,
    proofs: [failure('finds what failed by its error, and sends it back once the fix is in: all succeed')],
  },
  13: {
    what: 'two who send 10,000 back at once send each once',
    onBrokers: true,
    onStores: true,
    proofs: [operator('failures back at once, send each once between them')],
  },
  14: {
    what: 'what is too old stays, and a dry run changes nothing',
    onBrokers: true,
    onStores: true,
    proofs: [operator('who want nothing older than a day, or only to know, leave the rest as it is')],
  },
  15: {
    what: 'killed between publishing and marking: nothing is lost, nothing is run twice',
    onBrokers: true,
    onStores: true,
    proofs: [operator('one of whom is killed between publishing and marking, lose nothing')],
  },
  16: {
    what: 'among 100,000 failures statements and operators in a query are words like others',
    onBrokers: false,
    onStores: true,
    proofs: [
      {
        file: 'test/jobs/failures/many.test.ts',
        test: 'are searched for statements and operators as for other words',
        stores: BOTH,
      },
    ],
  },
  17: {
    what: 'a job past its time ends in the dead letters, and in the store as `expired`',
    onBrokers: true,
    onStores: true,
    proofs: [failure('keeps a job that was not worked on in its time as expired, out of the dead letters')],
  },
  18: {
    what: 'a broadcast comes to each listener once; replies match their request, progress before the result',
    onBrokers: true,
    onStores: false,
    proofs: [
      {
        file: 'test/request/on-brokers.test.ts',
        test: 'gathers the answers of everyone on a topic, each to its request and after its progress, in order',
        labs: ANYWHERE,
      },
    ],
  },
  19: {
    what: 'one of three quorum nodes is lost, and work goes on',
    onBrokers: false,
    onStores: false,
    proofs: [{ file: JOBS, test: 'goes on when one of three nodes is lost', labs: ['rabbitmq-quorum'] }],
  },
  20: {
    what: 'a worker is subscribed anew after each of 20 failovers',
    onBrokers: true,
    onStores: false,
    proofs: [
      {
        file: JOBS,
        test: 'is subscribed anew after each of 20 failovers',
        labs: ['activemq-jdbc', 'rabbitmq-quorum'],
      },
    ],
  },
}

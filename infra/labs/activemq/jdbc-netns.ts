import type { Prediction } from '../../../src/drill/fault.ts'
import { everybodyBut, silentCut } from '../../netns/silence-fault.ts'
import { activemqJdbc } from './jdbc.ts'
import { inNamespaces } from '../in-netns.ts'
import type { LabKind } from '../lab.ts'

const DATABASE = 'database'

const KEPT = 'the row lock stays with a connection that the database takes for alive'

const LATER = 'after the heal TCP may wait once more for as long as the silence has lasted'

const DB_CUT: Prediction = {
  lowerMs: 0,
  upperMs: null,
  because: `every job is stored in the database before it is confirmed, and no setting bounds its silence; ${KEPT}, so nobody takes over; ${LATER}`,
}

const ISOLATE: Prediction = {
  lowerMs: 0,
  upperMs: null,
  because: `${KEPT}, so nobody takes over from a broker that nobody can reach; ${LATER}`,
}

/** Two ActiveMQ brokers and their database on a network of their own, so that they can lose each other. */
export const activemqJdbcNetns: LabKind = inNamespaces(activemqJdbc, {
  name: 'activemq-jdbc-netns',
  description:
    'activemq-jdbc with a network namespace for each broker and the database, so that they can lose each other in silence',
  hosts: ['a', 'b', DATABASE],
  faultNames: ['db-cut', 'isolate'],
  faults: (lab) => [
    silentCut(lab, {
      name: 'db-cut',
      summary: 'the broker that holds the lock loses the database in silence, and keeps its clients',
      done: 'cut off from the database in silence',
      from: () => [DATABASE],
      predicted: DB_CUT,
    }),
    silentCut(lab, {
      name: 'isolate',
      summary: 'the broker that holds the lock loses everybody in silence: the database and its clients',
      done: 'cut off from everybody in silence',
      from: everybodyBut(lab.network),
      predicted: ISOLATE,
    }),
  ],
})

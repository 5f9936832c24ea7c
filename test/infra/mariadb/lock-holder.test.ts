import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseLockView } from '../../../infra/mariadb/lock-holder.ts'

const USERS = ['broker_a', 'broker_b']

/** One transaction as the InnoDB monitor prints it, with the lines that matter and some that do not. */
function transaction(thread: number, user: string, locks: readonly string[], wait = ''): string {
  return `---TRANSACTION ${thread + 100}, ACTIVE 3 sec starting index read
${wait}2 lock struct(s), heap size 1128, 1 row lock(s)
MariaDB thread id ${thread}, OS thread handle 140015334983360, query id 216 127.0.0.1 ${user} Sending data
SELECT * FROM ACTIVEMQ_LOCK FOR UPDATE
${locks.join('\n')}
`
}

const TABLE_LOCK = 'TABLE LOCK table `activemq`.`ACTIVEMQ_LOCK` trx id 143 lock mode IX'
const row = (table: string, mode: string): string =>
  `RECORD LOCKS space id 9 page no 3 n bits 320 index PRIMARY of table \`activemq\`.\`${table}\` trx id 143 ${mode}
Record lock, heap no 2 PHYSICAL RECORD: n_fields 5; compact format; info bits 0
 0: len 8; hex 8000000000000001; asc         ;;`

const HOLDS = [TABLE_LOCK, row('ACTIVEMQ_LOCK', 'lock_mode X')]
const WAITS = [TABLE_LOCK, row('ACTIVEMQ_LOCK', 'lock_mode X waiting')]

function read(...transactions: string[]): ReturnType<typeof parseLockView> {
  return parseLockView(
    `TRANSACTIONS\n------------\nTrx id counter 144\n${transactions.join('')}`,
    'ACTIVEMQ_LOCK',
    USERS,
  )
}

describe("the InnoDB monitor's report", () => {
  it('tells who holds the row lock and who waits for it', () => {
    const view = read(transaction(52, 'broker_b', WAITS, 'LOCK WAIT '), transaction(12, 'broker_a', HOLDS))
    assert.deepEqual(view, {
      holder: { thread: 12, user: 'broker_a' },
      waiting: [{ thread: 52, user: 'broker_b' }],
    })
  })

  it('tells of every connection that waits, those of dead brokers too', () => {
    const view = read(transaction(44, 'broker_b', WAITS), transaction(52, 'broker_b', WAITS))
    assert.equal(view.holder, undefined)
    assert.deepEqual(
      view.waiting.map(({ thread }) => thread),
      [44, 52],
    )
  })

  it('does not take a lock on another table, or on the whole table, for the row lock', () => {
    const view = read(
      transaction(7, 'broker_a', [row('ACTIVEMQ_MSGS', 'lock_mode X')]),
      transaction(8, 'broker_b', [TABLE_LOCK]),
    )
    assert.deepEqual(view, { holder: undefined, waiting: [] })
  })

  it('does not take a text within a statement for the name of a user', () => {
    const view = read(transaction(9, 'somebody', [...HOLDS, "INSERT INTO x VALUES ('broker_a')"]))
    assert.equal(view.holder, undefined)
  })

  it('shows nobody in an empty report', () => {
    assert.deepEqual(parseLockView('', 'ACTIVEMQ_LOCK', USERS), { holder: undefined, waiting: [] })
  })
})

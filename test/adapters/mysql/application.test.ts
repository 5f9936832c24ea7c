import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { connect } from '../../../src/connect.ts'
import { mysqlFailures, mysqlLedger, mysqlResults, valkeyResults } from '../../../src/stores.ts'
import type { JobState, Results } from '../../../src/jobs/results/results.ts'
import { eventually, within } from '../../../src/testing/contract/waiting.ts'
import { redisFor, redisSkip } from '../../support/redis.ts'
import { ownDatabase, skip } from './place.ts'

async function story(name: string, results: () => Results): Promise<void> {
  const uri = await ownDatabase()
  let isMended = false
  const resize = defineJob({
    name: 'image.resize',
    queue: 'images',
    retry: { attempts: 1 },
    async perform(size: number, context) {
      await context.progress(50, 'half')
      if (!isMended) throw new TypeError(`no picture of ${size} pixels`)
      return { size }
    },
  })
  await using connection = await connect(`memory:${name}`)
  const stores = () => ({ failures: mysqlFailures({ uri }), ledger: mysqlLedger({ uri }), results: results() })
  await using app = createApp({ connection, ...stores() })
  const worker = app.worker({ jobs: [resize], queues: ['images'] })
  await worker.start()

  const handle = await app.enqueue(resize, 640)
  await assert.rejects(within('the failure', handle.result()), { errorMessage: 'no picture of 640 pixels' })
  const stateOf = async (): Promise<JobState['kind'] | undefined> => (await app.result(handle.id))?.kind
  assert.equal(await stateOf(), 'failed')

  isMended = true
  const { sent } = await app.failures.requeue('error:"no picture" class:TypeError')
  assert.equal(sent, 1)
  await eventually('the result', async () => (await stateOf()) === 'succeeded')
  const [kept] = (await app.failures.search('')).failures
  assert.equal(kept?.status, 'retried')
  const again = await app.enqueue(resize, 800)
  assert.deepEqual(await within('the result', again.result()), { size: 800 })
  await worker.stop()
}

it('an application fails, is mended and succeeds with everything kept in MariaDB', { skip }, async () => {
  const uri = await ownDatabase()
  await story('all-in-mariadb', () => mysqlResults({ uri }))
})

it('and with its results in Redis', { skip: skip || redisSkip() }, async (context) => {
  const { url } = await redisFor(context)
  await story('results-in-redis', () => valkeyResults({ url }))
})

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Lab } from '../../../infra/labs/lab.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { drillUri } from '../../../src/cli/drill/run.ts'
import { connect } from '../../../src/connect.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { newLabRoot } from '../../support/lab-root.ts'

describe('a worker on a queue that another process declared otherwise', {
  skip: brokerSkip('rabbitmq-classic'),
}, () => {
  let lab: Lab | undefined
  let uri = ''
  before(async () => {
    lab = await createLabs({ root: newLabRoot('other-settings') }).up('rabbitmq-classic')
    uri = drillUri(lab, {})
  })
  after(async () => await lab?.down())

  it('is told at its start, once, of which queue and which setting, and does not try again', async () => {
    await using other = await connect(uri)
    await other.declare('images', { maxLength: 10 })
    await using connection = await connect(uri)
    const log: string[] = []
    const say = (_: object, message: string): void => void log.push(message)
    await using app = createApp({
      connection,
      queues: { images: { maxLength: 20 } },
      logger: { debug: say, info: say, warn: say, error: say },
    })
    const job = defineJob({ name: 'resize', queue: 'images', perform: () => {} })
    const told = (error: unknown): boolean =>
      error instanceof UnderstudyError &&
      error.code === 'rejected' &&
      !error.retriable &&
      error.message.endsWith(
        'has queue images with other settings: maxLength (x-max-length) is 10 there, and 20 is wanted here',
      )
    await assert.rejects(app.worker({ jobs: [job] }).start(), told)
    await assert.rejects(app.enqueue(job, undefined), told)
    assert.deepEqual(log, [])
    // The connection serves on, and the queue is as it was.
    await connection.send('elsewhere', 'fine')
    assert.deepEqual((await other.inspect('images'))?.consumers, 0)
  })
})

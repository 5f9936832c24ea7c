import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect, prepare } from '../../src/connect.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import { createApp } from '../../src/jobs/app.ts'
import { memoryBroker } from '../../src/testing/memory-broker.ts'
import { eventually } from '../../src/testing/contract/waiting.ts'
import { failed } from '../jobs/failures/desk-stage.ts'
import { form, type Stage, stage } from './stage.ts'

/** A page as somebody reads it: without its markup, in one line. */
async function textOf(on: Stage, path: string): Promise<string> {
  const response = await on.ask(path)
  assert.equal(response.status, 200, path)
  const text = await response.text()
  const content = text.slice(text.indexOf('<main'), text.indexOf('</main>'))
  return content
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll(/\s+/g, ' ')
}

/** Sends a form, and reads the page that it leads to. */
async function does(on: Stage, path: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const response = await on.ask(path, 'ada', form(fields))
  assert.equal(response.status, 303, await response.text())
  return await textOf(on, response.headers.get('location') ?? '')
}

describe('the overview', () => {
  it('says who serves, what waits, who works, what failed', async (context) => {
    const on = await stage(context, { queues: ['orders'] })
    await on.connection.send('queue://orders', 'one')
    await on.store.keep([failed('a', { errorClass: 'RangeError', errorMessage: 'too far', failedAt: Date.now() })])
    const text = await eventually('all of it', async () => {
      const seen = await textOf(on, '/')
      return seen.includes('RangeError') && /orders .{0,40} 1 0/.test(seen) ? seen : undefined
    })
    assert.match(text, /^ memory:\/\/dashboard-\d+ serves /)
    assert.match(text, /Sends Serving memory:/)
    assert.match(text, /Waiting in queues 1/)
    assert.match(text, /Failed jobs 1/)
    assert.match(text, /orders Nobody takes from it 1 0/)
    assert.match(text, /Failovers Timeline None since this dashboard began to watch/)
    assert.match(text, /RangeError : too far/)
    assert.match(text, /No folder of drills was given/)
  })

  it('says who served before, and how long nobody did', async (context) => {
    const on = await stage(context)
    on.broker.cut()
    const text = await eventually('a failover', async () => {
      const seen = await textOf(on, '/')
      return /\bms\b/.test(seen) ? seen : undefined
    })
    assert.match(text, /(?:Sends|Both|Deliveries) memory:\/\/dashboard-\d+ memory:\/\/dashboard-\d+ \d+ ms/)
  })

  it('comes up while no broker answers, and says so', async (context) => {
    const late = memoryBroker('dashboard-late')
    late.stop()
    await using connection = await prepare('memory:dashboard-late')
    const on = await stage(context, { connection })
    assert.match(await textOf(on, '/'), /^ No broker /)
    await eventually('why', async () => /No broker .*refused/.test(await textOf(on, '/')))
    late.restart()
    await eventually('who serves', async () => (await textOf(on, '/')).startsWith(' memory://dashboard-late serves '))
    late.reset()
  })
})

describe('the page of queues', () => {
  it('pauses and resumes a queue, for workers that run and for those that come later', async (context) => {
    const on = await stage(context)
    const job = defineJob({ name: 'paint', queue: 'walls', perform: () => {} })
    const worker = on.app.worker({ jobs: [job], name: 'painter' })
    await worker.start()
    const paused = await does(on, '/queues/pause', { queue: 'walls' })
    assert.match(paused, /walls is paused: 1 worker takes nothing from it now, and so do those that start later/)
    assert.equal(worker.state, 'paused')
    assert.deepEqual(await on.store.paused(), ['walls'])
    await eventually('the page says so', async () => /walls Paused/.test(await textOf(on, '/queues')))
    const resumed = await does(on, '/queues/resume', { queue: 'walls' })
    assert.match(resumed, /walls is resumed: 1 worker takes from it again/)
    assert.equal(worker.state, 'running')
    assert.deepEqual(await on.store.paused(), [])
    assert.deepEqual(
      (await on.store.audits(10)).map(({ actor, action, target }) => `${actor} ${action} ${target}`),
      ['ada resume walls', 'ada pause walls'],
    )
  })

  it('asks before it purges, saying how many', async (context) => {
    const on = await stage(context, { queues: ['orders'] })
    for (let n = 0; n < 3; n++) await on.connection.send('queue://orders', 'x')
    assert.match(
      await textOf(on, '/queues/purge?queue=orders'),
      /Remove 3 messages from orders\?.* What comes in after that is kept\./,
    )
    assert.equal(on.broker.depth('orders'), 3)
    assert.match(
      await does(on, '/queues/purge', { queue: 'orders' }),
      /3 messages removed from orders\. Nothing has come in since\./,
    )
    assert.equal(on.broker.depth('orders'), 0)
    const nothing = await on.ask('/queues/purge?queue=nowhere')
    assert.match(await textOf(on, nothing.headers.get('location') ?? ''), /There is no queue nowhere, or nothing in it/)
  })

  it('says nothing that only an address asks it to say', async (context) => {
    const on = await stage(context)
    const page = await (await on.ask('/queues?told=%3Cb%3Eyou+are+hacked')).text()
    assert.doesNotMatch(page, /hacked|class="notice/)
  })

  it('refuses a form that names no queue, in one line', async (context) => {
    const on = await stage(context)
    for (const path of ['/queues/pause', '/queues/purge', '/workers/pause', '/working/abort']) {
      const response = await on.ask(path, 'ada', form({}))
      assert.equal(response.status, 400, path)
      assert.match(await response.text(), /no (?:queue|worker|job) is named/)
    }
  })
})

describe('the page of what runs', () => {
  it('shows each slot, and aborts a job, which is kept as aborted', async (context) => {
    const on = await stage(context)
    const job = defineJob({
      name: 'stuck',
      queue: 'slow',
      perform: (_: null, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
        ),
    })
    const worker = on.app.worker({ jobs: [job], name: 'slow-1' })
    await worker.start()
    const { id: jobId } = await on.app.enqueue(job, null)
    const text = await eventually('the job', async () => {
      const seen = await textOf(on, '/working')
      return seen.includes(jobId) ? seen : undefined
    })
    assert.match(text, new RegExp(`stuck \\d+ s slow 1 slow-1 ${jobId} Abort…`))
    assert.match(await textOf(on, `/working/abort?job=${jobId}`), new RegExp(`Abort stuck ${jobId}\\?`))
    assert.match(await does(on, '/working/abort', { job: jobId }), /was told to abort it/)
    const kept = await eventually('it is kept', async () => (await on.store.ofJob(jobId))[0])
    assert.equal(kept.reason, 'aborted')
    await eventually('nothing runs', async () => /No job runs now/.test(await textOf(on, '/working')))
  })
})

describe('the page of workers', () => {
  it('pauses and resumes one of them, or all', async (context) => {
    const on = await stage(context)
    const job = defineJob({ name: 'paint', queue: 'walls', perform: () => {} })
    const workers = ['one', 'two'].map((name) => on.app.worker({ jobs: [job], name }))
    await Promise.all(workers.map((worker) => worker.start()))
    const [one, two] = workers
    assert(one && two)
    const text = await eventually('both', async () => {
      const seen = await textOf(on, '/workers')
      return seen.includes('one') && seen.includes('two') ? seen : undefined
    })
    assert.match(text, /one \S+ Running 0 of 1 walls 0 0 .* Pause/)
    assert.match(await does(on, '/workers/pause', { worker: one.id }), /1 worker paused\./)
    assert.deepEqual([one.state, two.state], ['paused', 'running'])
    assert.match(await textOf(on, '/workers/pause'), /Pause 2 workers\?/)
    assert.match(await does(on, '/workers/pause', { worker: '*' }), /2 workers paused\./)
    assert.deepEqual([one.state, two.state], ['paused', 'paused'])
    assert.match(await does(on, '/workers/resume', { worker: '*' }), /2 workers resumed\./)
    assert.match(await does(on, '/workers/resume', { worker: 'nobody' }), /whether worker nobody obeyed is not known/)
    await one.stop()
    await eventually('who stopped is not shown', async () => !(await textOf(on, '/workers')).includes('one vm'))
  })

  it('shows who is gone', async (context) => {
    const on = await stage(context)
    const description = {
      id: 'far:1:1',
      name: 'far',
      host: 'far',
      pid: 1,
      state: 'running',
      queues: [],
      concurrency: 1,
      slots: [],
      done: { succeeded: 0, failed: 0, retried: 0, deduplicated: 0, interrupted: 0 },
      since: Date.now(),
      at: Date.now(),
      heartbeatMs: 1,
    }
    const text = await eventually('it', async () => {
      await on.connection.send(
        'topic://understudy.heartbeats',
        { ...description, heartbeatMs: 50 },
        { persistent: false },
      )
      const seen = await textOf(on, '/workers')
      return seen.includes('far:1:1') ? seen : undefined
    })
    assert.match(text, /far far:1:1/)
    await eventually('that it is gone', async () =>
      /Gone three heartbeats did not come/.test(await textOf(on, '/workers')),
    )
  })
})

describe('/metrics', () => {
  it('shows gauges of what the dashboard sees, to whoever may look', async (context) => {
    const on = await stage(context, { queues: ['orders'] })
    await on.connection.send('queue://orders', 'one')
    await on.store.keep([failed('a')])
    const response = await on.ask('/metrics', 'vera')
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain/)
    const text = await response.text()
    assert.match(text, /^understudy_queue_depth\{queue="orders"\} 1$/m)
    assert.match(text, /^understudy_broker_connected\{broker="memory:\/\/dashboard-\d+",role="producer"\} 1$/m)
    assert.match(text, /^understudy_failures\{.*\} 1$/m)
    assert.equal((await fetch(new URL('/metrics', on.url))).status, 401)
  })

  it('counts what was sent back from the dashboard, whether it was asked before or not', async (context) => {
    const on = await stage(context)
    await on.app.failures.count()
    await on.store.keep(['a', 'b', 'c'].map((id) => failed(id, { queue: 'letters', job: 'mail' })))
    const sent = async (): Promise<string> => await (await on.ask('/metrics')).text()
    for (const count of [1, 3]) {
      await on.app.failures.requeue('status:failed', { limit: count })
      assert.match(
        await sent(),
        new RegExp(`^understudy_jobs_requeued_total\\{queue="letters",job="mail"\\} ${count}$`, 'm'),
      )
    }
  })

  it('shows the register that it is given instead', async (context) => {
    const metrics = { contentType: 'text/plain; version=0.0.4', metrics: async () => 'mine 1\n' }
    const on = await stage(context, { metrics })
    assert.equal(await (await on.ask('/metrics')).text(), 'mine 1\n')
  })
})

describe('ten thousand failures', () => {
  it('are no trouble for the overview and the list', async (context) => {
    const on = await stage(context)
    const many = Array.from({ length: 10_000 }, (_, n) =>
      failed(`job-${n}`, { fingerprint: `print-${n % 40}`, failedAt: Date.now() - n }),
    )
    await on.store.keep(many)
    await eventually('the count', async () => /Failed jobs 10,000/.test(await textOf(on, '/')))
    const list = await (await on.ask('/failures')).text()
    assert(list.length < 500_000, `${list.length} characters`)
    assert.match(list, /10,000/)
  })
})

describe('without an application', () => {
  it('shows brokers and queues, and says what would show the rest', async (context) => {
    const on = await stage(context)
    await using connection = await connect('memory:dashboard-alone')
    await using app = createApp({ connection })
    const alone = await stage(context, { connection, app })
    assert.match(await textOf(alone, '/'), /No failure store was given/)
    assert.match(await textOf(on, '/'), /No failed job waits|not answered yet/)
  })
})

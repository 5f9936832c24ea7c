import { type Context, Hono } from 'hono'
import { messageOf, UnderstudyError } from '../../errors.ts'
import { tellWorkers } from '../../jobs/worker/control.ts'
import { html } from '../../page/html.ts'
import { plainQueueName } from '../../transport/destination.ts'
import { needs } from '../access/gate.ts'
import { type DashboardContext, href } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'
import { counted } from '../parts/figures.ts'
import { confirmation } from '../parts/form.ts'
import { Tidings } from '../parts/tidings.ts'
import { readForm } from '../read-form.ts'
import { purgedText, purgeKeeps } from './purge-words.ts'
import { queuesTable } from './queues-view.ts'

const PATIENCE_MS = 800
const ANSWERS_MS = 1000
/** More than any broker takes. */
const LONGEST_NAME = 1000

/** `/queues`: what waits, and what operators do to it. */
export function queuesRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { connection, queues, workers, live } = context
  const tidings = new Tidings()
  live.register('queues', (role) => [{ id: 'queues', inside: queuesTable(context, role, queues.seen) }])

  const routes = new Hono<DashboardEnv>()
  routes.get('/queues', async (c) => {
    await workers.fresh(PATIENCE_MS)
    const seen = await queues.fresh(PATIENCE_MS)
    const visitor = c.get('visitor')
    const main = html`<h1>Queues</h1>
<p class="lead">What waits, and who takes from it. Nothing is taken out by looking.</p>
${tidings.of(c.req.query('told'))}<div id="queues">${queuesTable(context, visitor.role, seen)}</div>`
    return c.html(page(context, visitor, { title: 'Queues', current: 'queues', live: 'queues', main }).markup)
  })

  for (const command of ['pause', 'resume'] as const) {
    routes.post(`/queues/${command}`, needs('operator'), async (c) => {
      const queue = await queueOf(c)
      const told = await turn(context, command, queue, c.get('visitor').name)
      queues.expire()
      return c.redirect(href(context, `/queues?${tidings.keep('good', told)}`), 303)
    })
  }

  routes.get('/queues/purge', needs('admin'), async (c) => {
    const queue = plainQueueName(c.req.query('queue') ?? '')
    const state = queue === '' ? undefined : await connection.inspect(queue)
    if (state === undefined) {
      const told = tidings.keep('doubtful', `There is no queue ${queue}, or nothing in it.`)
      return c.redirect(href(context, `/queues?${told}`), 303)
    }
    const many = `${state.isExact ? '' : 'about '}${counted(state.ready, 'message')}`
    const main = confirmation({
      question: `Remove ${many} from ${queue}?`,
      told: html`<p>All that waits is removed, for good. ${purgeKeeps(state)} What consumers hold stays theirs, and what is delayed comes later all the same.</p>`,
      action: href(context, '/queues/purge'),
      label: `Remove ${many}`,
      fields: { queue },
      tone: 'danger',
      back: href(context, '/queues'),
    })
    return c.html(page(context, c.get('visitor'), { title: `Purge ${queue}`, current: 'queues', main }).markup)
  })

  routes.post('/queues/purge', needs('admin'), async (c) => {
    const queue = await queueOf(c)
    const actor = c.get('visitor').name
    const before = await connection.inspect(queue)
    const removed = await connection.purge(queue)
    await context.failures?.note('purge', queue, removed, { actor })
    context.logger.info({ queue, removed, actor }, 'a queue was purged from the dashboard')
    queues.expire()
    // It is done: that nobody can say what waits since must not sound as if it were not.
    const ready = await connection.inspect(queue).then(
      (after) => after?.ready ?? 0,
      () => undefined,
    )
    const told = tidings.keep('good', purgedText(queue, removed, before?.isExact ?? true, ready))
    return c.redirect(href(context, `/queues?${told}`), 303)
  })
  return routes
}

/** The store first, as on the command line: a worker that starts meanwhile finds it there. */
async function turn(
  { connection, failures, workers, logger }: DashboardContext,
  command: 'pause' | 'resume',
  queue: string,
  actor: string,
): Promise<string> {
  await failures?.[command]([queue], { actor })
  const obeyed = workers.canAsk
    ? await tellWorkers(connection, { command, queues: [queue] }, { wait: ANSWERS_MS }).catch((error: unknown) => {
        // It is noted: workers find it in the store, and without one there is nothing that was done.
        if (!failures) throw error
        logger.warn({ error: messageOf(error) }, 'workers could not be told')
        return []
      })
    : []
  workers.answered(obeyed)
  const concerned = obeyed.filter(({ queues }) => queues.some((one) => one.queue === queue)).length
  const now = `${counted(concerned, 'worker')} ${command === 'pause' ? 'takes nothing from it now' : 'takes from it again'}`
  const later =
    failures === undefined
      ? 'those that start later are not told, without a failure store'
      : 'and so do those that start later'
  return `${queue} is ${command === 'pause' ? 'paused' : 'resumed'}: ${concerned === 1 ? now : now.replace('takes', 'take')}, ${later}.`
}

/** @throws UnderstudyError `invalid-option` where none is named, or what no queue can be called. */
async function queueOf(c: Context<DashboardEnv>): Promise<string> {
  const queue = plainQueueName((await readForm(c.req.raw)).get('queue') ?? '')
  if (queue === '') throw new UnderstudyError('invalid-option', 'no queue is named')
  if (queue.length > LONGEST_NAME) throw new UnderstudyError('invalid-option', 'no queue has so long a name')
  return queue
}

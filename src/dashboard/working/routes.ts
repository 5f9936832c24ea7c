import { Hono } from 'hono'
import { UnderstudyError } from '../../errors.ts'
import { tellWorkers } from '../../jobs/worker/control.ts'
import { html } from '../../page/html.ts'
import { needs } from '../access/gate.ts'
import { type DashboardContext, href } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'
import { confirmation } from '../parts/form.ts'
import { Tidings } from '../parts/tidings.ts'
import { readForm } from '../read-form.ts'
import { workingTable } from './working-view.ts'

const PATIENCE_MS = 900
const ANSWERS_MS = 1000

/** `/working`: what runs now, and the way to abort it. */
export function workingRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { connection, workers, live } = context
  const tidings = new Tidings()
  live.register('working', (role) => [{ id: 'working', inside: workingTable(context, role) }])

  const routes = new Hono<DashboardEnv>()
  routes.get('/working', async (c) => {
    await workers.fresh(PATIENCE_MS)
    const visitor = c.get('visitor')
    const main = html`<h1>Working</h1>
<p class="lead">What runs now in each slot, the longest first.</p>
${tidings.of(c.req.query('told'))}<div id="working">${workingTable(context, visitor.role)}</div>`
    return c.html(page(context, visitor, { title: 'Working', current: 'working', live: 'working', main }).markup)
  })

  routes.get('/working/abort', needs('operator'), (c) => {
    const jobId = c.req.query('job') ?? ''
    const slot = workers
      .workers()
      .flatMap(({ slots }) => slots)
      .find((one) => one.jobId === jobId)
    const name = slot === undefined ? jobId : `${slot.job} ${jobId}`
    const main = confirmation({
      question: `Abort ${name}?`,
      told: html`<p>The job's signal fires where it runs. Once it has ended it is kept as a failure with the reason “aborted”, and can be sent back from there.</p>${
        slot === undefined ? html`<p>It does not run any more, as far as the workers say.</p>` : ''
      }`,
      action: href(context, '/working/abort'),
      label: 'Abort it',
      fields: { job: jobId },
      tone: 'danger',
      back: href(context, '/working'),
    })
    return c.html(page(context, c.get('visitor'), { title: 'Abort a job', current: 'working', main }).markup)
  })

  routes.post('/working/abort', needs('operator'), async (c) => {
    const job = (await readForm(c.req.raw)).get('job') ?? ''
    if (job === '') throw new UnderstudyError('invalid-option', 'no job is named')
    const actor = c.get('visitor').name
    const ran = workers.workers().some(({ slots }) => slots.some(({ jobId }) => jobId === job))
    const obeyed = await tellWorkers(connection, { command: 'abort', jobId: job }, { wait: ANSWERS_MS })
    await context.failures?.note('abort', job, ran ? 1 : 0, { actor })
    context.logger.info({ jobId: job, actor }, 'a job was aborted from the dashboard')
    workers.answered(obeyed)
    const told = ran
      ? tidings.keep('good', `The worker of ${job} was told to abort it.`)
      : tidings.keep('doubtful', `Workers were told to abort ${job}; none of them had said that it runs.`)
    return c.redirect(href(context, `/working?${told}`), 303)
  })
  return routes
}

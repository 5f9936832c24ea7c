import { Hono } from 'hono'
import { UnderstudyError } from '../../errors.ts'
import { tellWorkers } from '../../jobs/worker/control.ts'
import { html } from '../../page/html.ts'
import { needs } from '../access/gate.ts'
import { type DashboardContext, href } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'
import { counted } from '../parts/figures.ts'
import { confirmation } from '../parts/form.ts'
import { Tidings } from '../parts/tidings.ts'
import { readForm } from '../read-form.ts'
import { workersTable } from './workers-view.ts'

const PATIENCE_MS = 900
const ANSWERS_MS = 1000
/** Stands for every worker, in a form. */
const ALL = '*'

const COMMANDS = { pause: 'Pause', resume: 'Resume' } as const

/** `/workers`: who works, and what they are told. */
export function workersRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { connection, workers, live } = context
  const tidings = new Tidings()
  live.register('workers', (role) => [{ id: 'workers', inside: workersTable(context, role) }])

  const routes = new Hono<DashboardEnv>()
  routes.get('/workers', async (c) => {
    await workers.fresh(PATIENCE_MS)
    const visitor = c.get('visitor')
    const main = html`<h1>Workers</h1>
<p class="lead">Who shows by heartbeats that it is alive, and who no longer does.</p>
${tidings.of(c.req.query('told'))}<div id="workers">${workersTable(context, visitor.role)}</div>`
    return c.html(page(context, visitor, { title: 'Workers', current: 'workers', live: 'workers', main }).markup)
  })

  for (const command of ['pause', 'resume'] as const) {
    const verb = COMMANDS[command]
    routes.get(`/workers/${command}`, needs('operator'), (c) => {
      const many = counted(workers.workers().filter(({ isGone }) => !isGone).length, 'worker')
      const main = confirmation({
        question: `${verb} ${many}?`,
        told:
          command === 'pause'
            ? html`<p>They take nothing more from any queue, until they are told to or end. What is in hand goes on. To pause a queue for workers that start later too, pause it on the page of queues.</p>`
            : html`<p>They take jobs again. What is paused on the page of queues stays so.</p>`,
        action: href(context, `/workers/${command}`),
        label: `${verb} ${many}`,
        fields: { worker: ALL },
        tone: 'strong',
        back: href(context, '/workers'),
      })
      return c.html(page(context, c.get('visitor'), { title: `${verb} all workers`, current: 'workers', main }).markup)
    })
    routes.post(`/workers/${command}`, needs('operator'), async (c) => {
      const worker = (await readForm(c.req.raw)).get('worker') ?? ''
      if (worker === '') throw new UnderstudyError('invalid-option', 'no worker is named')
      const actor = c.get('visitor').name
      const which = worker === ALL ? {} : { worker }
      const obeyed = await tellWorkers(connection, { command }, { wait: ANSWERS_MS, ...which })
      const target = worker === ALL ? 'all workers' : `worker ${worker}`
      await context.failures?.note(command, target, obeyed.length, { actor })
      context.logger.info({ command, target, obeyed: obeyed.length, actor }, 'workers were told something')
      workers.answered(obeyed)
      const told =
        obeyed.length === 0
          ? tidings.keep('bad', `No worker answered within a second: whether ${target} obeyed is not known.`)
          : tidings.keep('good', `${counted(obeyed.length, 'worker')} ${command === 'pause' ? 'paused' : 'resumed'}.`)
      return c.redirect(href(context, `/workers?${told}`), 303)
    })
  }
  return routes
}

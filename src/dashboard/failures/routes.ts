import { Hono } from 'hono'
import type { FailureDesk } from '../../jobs/failures/desk.ts'
import type { DashboardContext } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { clearAll, clearPage, confirmPage, dropSelected, requeueSelected } from './bulk/bulk-actions.ts'
import { type Asked, type DeskRoom, noDesk, showTrouble } from './desk-room.ts'
import { editPage, failureBody, failurePage, failureState, sendEdited } from './one-failure/failure-page.ts'
import { liveFailures, waitingGlance } from './live-parts.ts'
import { RequeueRuns } from './bulk/requeue-runs.ts'
import { cancelRun, runPage } from './bulk/run-page.ts'
import { exportPage, groupsPage, searchPage } from './search/search-page.ts'

function deskRoom(context: DashboardContext, desk: FailureDesk): DeskRoom {
  const runs = new RequeueRuns(desk, context)
  const waiting = waitingGlance(context, desk)
  const room: DeskRoom = { context, desk, runs, waiting }
  liveFailures(room, async (id) => {
    const failure = await desk.show(id)
    return failure && (await failureState(room, failure))
  })
  context.onClose(async () => {
    await Promise.all([runs.close(), waiting.close()])
  })
  return room
}

/** The pages of kept failures, and what is done with them. */
export function failureRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { failures: desk } = context
  const room = desk && deskRoom(context, desk)
  const on =
    (answer: (asked: Asked, room: DeskRoom) => Response | Promise<Response>) =>
    async (asked: Asked): Promise<Response> =>
      await answer(asked, room ?? noDesk())
  const routes = new Hono<DashboardEnv>()
  routes.onError((error, asked) => showTrouble(asked, context, error))
  routes.get('/failures', on(searchPage))
  routes.get('/failures/groups', on(groupsPage))
  routes.get('/failures/export', on(exportPage))
  routes.get('/failures/confirm', on(confirmPage))
  routes.post('/failures/confirm', on(confirmPage))
  routes.post('/failures/requeue', on(requeueSelected))
  routes.post(
    '/failures/discard',
    on((asked, at) => dropSelected(asked, at, 'discard')),
  )
  routes.post(
    '/failures/remove',
    on((asked, at) => dropSelected(asked, at, 'remove')),
  )
  routes.get('/failures/clear', on(clearPage))
  routes.post('/failures/clear', on(clearAll))
  routes.get('/failures/runs/:run', on(runPage))
  routes.post('/failures/runs/:run/cancel', on(cancelRun))
  routes.get('/failures/:id', on(failurePage))
  routes.get('/failures/:id/body', on(failureBody))
  routes.get('/failures/:id/edit', on(editPage))
  routes.post('/failures/:id/edit', on(sendEdited))
  return routes
}

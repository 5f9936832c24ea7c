import { messageOf } from '../../../errors.ts'
import type { FailureQuery } from '../../../jobs/failures/query/query.ts'
import type { Asked, DeskRoom } from '../desk-room.ts'

/**
 * What a query finds as lines of JSON, as the command line exports them, read from the store as fast as they are taken.
 *
 * @throws what the store throws before the first line; later it breaks the connection off, so that nobody takes a part
 * for the whole.
 */
export async function exportResponse(
  asked: Asked,
  { desk, context }: Pick<DeskRoom, 'desk' | 'context'>,
  query: FailureQuery,
): Promise<Response> {
  const lines = desk.export(query)
  // Asked for the first one, a store that is down says so while there can still be a page about it.
  let next: IteratorResult<string, void> | undefined = await lines.next()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = next ?? (await lines.next())
        next = undefined
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(`${value}\n`))
      } catch (error) {
        context.logger.error({ error: messageOf(error) }, 'an export of failures broke off')
        const { outgoing } = asked.env ?? {}
        // An error of the stream would be written behind the lines by the server, and printed.
        if (outgoing) outgoing.destroy()
        else controller.error(error)
      }
    },
    async cancel() {
      await lines.return()
    },
  })
  return new Response(body, {
    headers: {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'content-disposition': 'attachment; filename="failures.jsonl"',
      'cache-control': 'no-store',
    },
  })
}

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'

/** What a path under /api/ is answered with: a document, or whatever the function does with the response. */
export type Answers = Readonly<Record<string, unknown>>

export interface FakeManagementApi extends AsyncDisposable {
  readonly url: string
  /** What was asked, in order: method, path with its query, and the Authorization header decoded. */
  readonly asked: readonly string[]
}

/** A management API over real HTTP that answers what it is told to; any other path is 404. */
export async function fakeManagementApi(answers: Answers): Promise<FakeManagementApi> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const login = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString()
    asked.push(`${request.method} ${request.url} ${login}`)
    const path = (request.url ?? '').replace(/^\/api\//, '')
    const answer = answers[path] ?? answers[path.replace(/\?.*$/, '')]
    if (typeof answer === 'function') (answer as (response: ServerResponse) => void)(response)
    else if (answer === undefined) response.writeHead(404).end('{"error":"Object Not Found"}')
    else response.end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

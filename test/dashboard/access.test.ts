import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import { type AddressInfo, createConnection } from 'node:net'
import { text as allOf } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { createDashboard } from '../../src/dashboard/dashboard.ts'
import { Attempts } from '../../src/dashboard/access/attempts.ts'
import { siteOf } from '../../src/dashboard/access/origin.ts'
import { Sessions } from '../../src/dashboard/access/sessions.ts'
import { connect } from '../../src/connect.ts'
import { isLoopbackAddress, isLoopbackHost } from '../../src/loopback.ts'
import { FakeClock } from '../support/fake-clock.ts'
import type { AccessToken } from '../../src/dashboard/access/access.ts'
import { form, type Stage, stage, TOKENS } from './stage.ts'

/** A request with whatever headers, which `fetch` would not send. */
function raw(url: string, headers: Record<string, string>, method = 'GET'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    sent.once('error', reject).end()
  })
}

async function logIn(on: Stage, token: string): Promise<{ response: Response; cookie: string }> {
  const response = await fetch(new URL('/login', on.url), {
    ...form({ token, to: '/queues' }),
    redirect: 'manual',
    headers: { origin: new URL(on.url).origin },
  })
  return { response, cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '' }
}

describe('who is let in without tokens', () => {
  it('is whoever is on this machine, as admin', async (context) => {
    const on = await stage(context, { hasTokens: false })
    const page = await on.ask('/')
    assert.equal(page.status, 200)
    assert.match(await page.text(), /, admin<\/span>/)
  })

  it('is nobody who calls the server by another name, as a page does that had its own name lead here', async (context) => {
    const on = await stage(context, { hasTokens: false })
    const { port } = new URL(on.url)
    for (const [host, status] of [
      [`127.0.0.1:${port}`, 200],
      [`localhost:${port}`, 200],
      [`[::1]:${port}`, 200],
      ['evil.example', 403],
      [`evil.example:${port}`, 403],
      [`127.0.0.1.evil.example:${port}`, 403],
    ] as const)
      assert.equal((await raw(on.url, { host })).status, status, host)
  })

  it('is nobody who comes through a proxy that says so', async (context) => {
    const on = await stage(context, { hasTokens: false })
    for (const header of [
      'x-forwarded-for',
      'X-Forwarded-Proto',
      'forwarded',
      'x-real-ip',
      'via',
      'CF-Connecting-IP',
    ]) {
      const { status, text } = await raw(on.url, { [header]: '203.0.113.7' })
      assert.equal(status, 403, header)
      assert.match(text, /for the machine that it runs on/)
    }
  })

  it('is nobody who speaks as only proxies do, which need not say so', async (context) => {
    const on = await stage(context, { hasTokens: false })
    const { port, host } = new URL(on.url)
    for (const [version, status] of [
      ['1.1', 200],
      ['1.0', 403],
    ] as const) {
      const socket = createConnection(Number(port), '127.0.0.1')
      socket.write(`GET /queues HTTP/${version}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      const answer = await allOf(socket)
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), version)
    }
  })

  it('is nobody where no socket says where they come from', async (context) => {
    const { dashboard, url } = await stage(context, { hasTokens: false })
    assert.equal((await dashboard.fetch(new Request(url))).status, 403)
  })

  it('lets the dashboard listen on no other address', async (context) => {
    const { dashboard } = await stage(context, { hasTokens: false })
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org'])
      await assert.rejects(dashboard.listen({ host, port: 0 }), { code: 'invalid-option', message: /without tokens/ })
  })
})

describe('who is let in with tokens', () => {
  it('gets a cookie for a token, which no script reads and no other site sends', async (context) => {
    const on = await stage(context)
    const anonymous = await fetch(new URL('/queues', on.url))
    assert.equal(anonymous.status, 401)
    assert.match(await anonymous.text(), /name="to" value="\/queues"/)
    const { response, cookie } = await logIn(on, TOKENS.otto.token)
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('location'), '/queues')
    assert.match(response.headers.get('set-cookie') ?? '', /; Path=\/; HttpOnly; SameSite=Strict$/)
    const page = await fetch(new URL('/queues', on.url), { headers: { cookie } })
    assert.match(await page.text(), /otto, operator/)
    const out = await fetch(new URL('/logout', on.url), {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin: new URL(on.url).origin },
    })
    assert.equal(out.status, 303)
    assert.equal((await fetch(new URL('/queues', on.url), { headers: { cookie } })).status, 401)
  })

  it('is sent nowhere else after logging in, whatever an address asks for', async (context) => {
    const on = await stage(context)
    for (const to of [
      '//evil.example/',
      'https://evil.example/',
      '/\\evil.example',
      'javascript:alert(1)',
      '/\t/evil',
    ]) {
      const response = await fetch(new URL('/login', on.url), {
        ...form({ token: TOKENS.vera.token, to }),
        redirect: 'manual',
        headers: { origin: new URL(on.url).origin },
      })
      assert.equal(response.headers.get('location'), '/', to)
    }
  })

  it('has to wait after ten wrong tokens, also with the right one, and whichever way it is shown', async (context) => {
    const on = await stage(context)
    for (let n = 0; n < 5; n++) assert.equal((await logIn(on, `wrong-${n}`)).response.status, 401)
    const wrong = { headers: { authorization: 'Bearer wrong-wrong-wrong' } }
    for (let n = 0; n < 5; n++) assert.equal((await on.ask('/', 'vera', wrong)).status, 401)
    const { response, cookie } = await logIn(on, TOKENS.ada.token)
    assert.equal(response.status, 429)
    assert(Number(response.headers.get('retry-after')) > 0)
    assert.equal(cookie, '')
    assert.equal((await on.ask('/', 'ada')).status, 429)
    const told = on.log.filter((line) => line.startsWith('warn somebody showed the dashboard a token'))
    assert.equal(told.length, 10)
    assert(!on.log.some((line) => line.includes('wrong-')), on.log.join('\n'))
  })

  it('has no more tries for a right token between the wrong ones', async (context) => {
    const on = await stage(context)
    const statuses: number[] = []
    for (let n = 0; n < 12; n++) {
      if (n % 3 === 0) await on.ask('/queues', 'vera')
      statuses.push((await logIn(on, `wrong-${n}`)).response.status)
    }
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429, 429])
  })

  it('sends no more than a token to log in', async (context) => {
    const on = await stage(context)
    const headers = { origin: new URL(on.url).origin }
    const login = async (body: FormData | URLSearchParams): Promise<number> =>
      (await fetch(new URL('/login', on.url), { method: 'POST', redirect: 'manual', headers, body })).status
    const body = new FormData()
    body.set('token', TOKENS.ada.token)
    assert.equal(await login(body), 400)
    assert.equal(await login(new URLSearchParams({ token: 'x'.repeat(20_000) })), 400)
    assert.equal(await login(new URLSearchParams({ token: TOKENS.ada.token })), 303)
    assert(!on.log.some((line) => line.startsWith('error')), on.log.join('\n'))
  })

  it('shows a token in a header, as programs do, without a page that it comes from', async (context) => {
    const on = await stage(context)
    const headers = { authorization: `Bearer ${TOKENS.otto.token}` }
    const response = await fetch(new URL('/queues/pause', on.url), {
      ...form({ queue: 'q' }),
      redirect: 'manual',
      headers,
    })
    assert.equal(response.status, 303)
    assert.deepEqual(await on.store.paused(), ['q'])
    const cookie = (await logIn(on, TOKENS.otto.token)).cookie
    const withCookie = await fetch(new URL('/queues/resume', on.url), { ...form({ queue: 'q' }), headers: { cookie } })
    assert.equal(withCookie.status, 403)
    assert.deepEqual(await on.store.paused(), ['q'])
  })

  it('may do no more than the role', async (context) => {
    const on = await stage(context)
    await on.connection.send('queue://orders', 'one')
    const purge = form({ queue: 'orders' })
    assert.equal((await on.ask('/queues/purge', 'vera', purge)).status, 403)
    assert.equal((await on.ask('/queues/purge', 'otto', purge)).status, 403)
    assert.equal(on.broker.depth('orders'), 1)
    assert.equal((await on.ask('/queues/purge', 'ada', purge)).status, 303)
    assert.equal(on.broker.depth('orders'), 0)
    const [entry] = await on.store.audits(1)
    assert.deepEqual([entry?.actor, entry?.action, entry?.target, entry?.count], ['ada', 'purge', 'orders', 1])
  })

  it('is who the application says, where it says so', async (context) => {
    const identify = (asked: Request): { name: string; role: 'viewer' } | undefined =>
      asked.headers.get('x-user') === 'nina' ? { name: 'nina', role: 'viewer' } : undefined
    const on = await stage(context, { hasTokens: false, access: { identify } })
    assert.equal((await fetch(on.url)).status, 401)
    const response = await fetch(on.url, { headers: { 'x-user': 'nina' } })
    assert.match(await response.text(), /nina, viewer/)
    assert.equal(
      (await on.ask('/queues/pause', 'vera', { ...form({ queue: 'q' }), headers: { 'x-user': 'nina' } })).status,
      403,
    )
  })

  it('is nobody where the application answers with what is no visitor', async (context) => {
    const said: unknown[] = [true, { name: 'nina' }, { name: 'nina', role: 'root' }, { name: '', role: 'admin' }]
    const on = await stage(context, { hasTokens: false, access: { identify: () => said.shift() as never } })
    while (said.length > 0) assert.equal((await fetch(on.url)).status, 500)
    assert.match(on.log.join('\n'), /identify must return a name and a role/)
    said.push({ name: 'nina', role: 'viewer', kind: 'staff' })
    assert.match(await (await fetch(on.url)).text(), /nina, viewer/)
  })

  it('is asked for no token where only the application knows who asks', async (context) => {
    const on = await stage(context, { hasTokens: false, access: { identify: () => undefined } })
    const headers = { authorization: 'Bearer of-the-application-alone' }
    for (let n = 0; n < 12; n++) assert.equal((await fetch(on.url, { headers })).status, 401)
  })

  it('calls the server by a name of the list, where there is one', async (context) => {
    const on = await stage(context, { access: { tokens: [TOKENS.ada], hosts: ['jobs.example.org'] } })
    const headers = { authorization: `Bearer ${TOKENS.ada.token}` }
    assert.equal((await raw(on.url, { ...headers, host: 'jobs.example.org:8443' })).status, 200)
    assert.equal((await raw(on.url, { ...headers, host: 'other.example.org' })).status, 403)
  })
})

describe('access that cannot be', () => {
  it('is refused with one line that quotes no token', async () => {
    await using connection = await connect('memory:access')
    const token = 'a-token-that-is-long-enough'
    for (const [access, message] of [
      [{ tokens: [] }, /is empty/],
      [{ tokens: [{ name: 'ada', role: 'admin', token: 'short' }] }, /the token of ada is too short/],
      [{ tokens: [{ name: 'ada', role: 'root', token }] }, /role of ada must be/],
      [{ tokens: [{ name: ' ', role: 'admin', token }] }, /no name/],
      [{ tokens: [1, 2].map((n) => ({ name: `n${n}`, role: 'admin', token })) }, /two tokens are the same/],
      [{ sessionMs: 0 }, /sessionMs/],
      [{ hosts: [] }, /list of hosts is empty/],
      [{ hosts: ['jobs.example.org', 'https://jobs.example.org/'] }, /a host is written like/],
      [{ hosts: ['jobs.example.org:port'] }, /a host is written like/],
      [{ token }, /token/],
    ] as const)
      assert.throws(
        () => createDashboard({ connection, access: access as never }),
        (error: Error) =>
          message.test(error.message) && !error.message.includes(token) && !error.message.includes('short-'),
      )
    for (const basePath of ['jobs', '/jobs/', '//x', '/a b'])
      assert.throws(() => createDashboard({ connection, basePath }), { code: 'invalid-option' })
  })
})

describe('tokens that change', () => {
  it('end the sessions and streams of those that are gone, or of another role, and of nobody else', async (context) => {
    let tokens: readonly AccessToken[] = Object.values(TOKENS)
    const on = await stage(context, { access: { tokens: () => tokens } })
    const [ada, otto, vera] = await Promise.all(
      [TOKENS.ada, TOKENS.otto, TOKENS.vera].map(async ({ token }) => (await logIn(on, token)).cookie),
    )
    const status = async (cookie: string | undefined): Promise<number> =>
      (await fetch(new URL('/queues', on.url), { headers: { cookie: cookie ?? '' } })).status
    assert.deepEqual([await status(ada), await status(otto), await status(vera)], [200, 200, 200])
    const ofCookie = await fetch(new URL('/events?page=queues', on.url), { headers: { cookie: otto ?? '' } })
    const ofToken = await on.ask('/events?page=queues', 'olga')
    tokens = [TOKENS.ada, { ...TOKENS.vera, role: 'operator' }]
    await Promise.all([ofCookie.text(), ofToken.text()])
    assert.deepEqual([await status(ada), await status(otto), await status(vera)], [200, 401, 401])
    assert.equal((await on.ask('/queues', 'olga')).status, 401)
    assert.equal((await logIn(on, TOKENS.otto.token)).response.status, 401)
    assert.equal((await on.ask('/queues/pause', 'vera', form({ queue: 'q' }))).status, 303, 'she is an operator now')
    assert.ok(on.log.some((line) => line.includes('{"ended":2}')))
  })

  it('hold as they were while the new ones cannot be, which the log says once and without a token', async (context) => {
    let answer = (): readonly AccessToken[] => Object.values(TOKENS)
    const on = await stage(context, { access: { tokens: () => answer() } })
    for (const wrong of [
      (): readonly AccessToken[] => [],
      (): readonly AccessToken[] => [{ ...TOKENS.ada, token: 'short-one' }],
      (): readonly AccessToken[] => {
        throw new Error('the file is gone')
      },
    ]) {
      answer = wrong
      const before = on.log.length
      for (let n = 0; n < 3; n++) assert.equal((await on.ask('/metrics', 'otto')).status, 200)
      assert.equal(on.log.slice(before).filter((line) => line.includes('those before hold')).length, 1)
    }
    assert.ok(!on.log.join('').includes('short-one'))
  })
})

describe('sessions', () => {
  it('end after their time, and the eldest give way to more than a thousand', async () => {
    const clock = new FakeClock()
    const sessions = new Sessions(clock, 1000)
    const visitor = { name: 'ada', role: 'admin' } as const
    const first = sessions.begin(visitor, 'by')
    assert.deepEqual(sessions.visitorOf(first), visitor)
    const ids = Array.from({ length: 1000 }, (_, n) => sessions.begin({ ...visitor, name: `n${n}` }, 'by'))
    assert.equal(sessions.size, 1000)
    assert.equal(sessions.visitorOf(first), undefined)
    await clock.advance(1000)
    assert.equal(sessions.visitorOf(ids.at(-1) ?? ''), undefined)
    sessions.begin(visitor, 'by')
    assert.equal(sessions.size, 1)
  })

  it('of somebody else stay, however often one logs in', () => {
    const sessions = new Sessions(new FakeClock(), 1000)
    const other = sessions.begin({ name: 'ada', role: 'admin' }, 'by')
    const ids = Array.from({ length: 60 }, () => sessions.begin({ name: 'vera', role: 'viewer' }, 'by'))
    assert.equal(sessions.size, 51)
    assert(sessions.visitorOf(other))
    assert.deepEqual(
      [ids[9], ids[10]].map((id) => sessions.visitorOf(id ?? '')?.name),
      [undefined, 'vera'],
    )
  })
})

describe('wrong tokens', () => {
  it('are counted for each address and for all together, and forgotten after a minute', async () => {
    const clock = new FakeClock()
    const attempts = new Attempts(clock)
    for (let n = 0; n < 10; n++) attempts.wrong('a')
    assert.equal(attempts.waitOf('a'), 60_000)
    assert.equal(attempts.waitOf('b'), 0)
    for (let n = 0; n < 190; n++) attempts.wrong(`c${n}`)
    assert.equal(attempts.waitOf('b'), 60_000)
    await clock.advance(60_000)
    assert.equal(attempts.waitOf('a'), 0)
    assert.equal(attempts.waitOf('b'), 0)
    attempts.wrong('a')
    assert.equal(attempts.waitOf('a'), 0)
  })
})

describe('where a request comes from', () => {
  it('is told by what browsers say, and foreign where anything of it does not fit', () => {
    const site = (headers: Record<string, string>): string =>
      siteOf(new Headers(headers), 'localhost:8080', ['jobs.example.org'])
    assert.equal(site({ origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }), 'same')
    assert.equal(site({ origin: 'http://localhost:8080' }), 'same')
    assert.equal(site({ origin: 'https://jobs.example.org' }), 'same')
    assert.equal(site({}), 'untold')
    for (const headers of [
      { origin: 'http://localhost:8081' },
      { origin: 'null' },
      { origin: 'http://localhost:8080.evil.example' },
      { origin: 'http://jobs.example.org:3000' },
      { 'sec-fetch-site': 'none' },
      { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ])
      assert.equal(site(headers), 'foreign', JSON.stringify(headers))
  })

  it('may be another site where it leads here, and not where it has something of this within itself', async (context) => {
    const on = await stage(context, { hasTokens: false })
    for (const [site, mode, status] of [
      ['cross-site', 'navigate', 200],
      ['none', 'navigate', 200],
      ['same-origin', 'cors', 200],
      ['cross-site', 'no-cors', 403],
      ['same-site', 'cors', 403],
      ['cross-site', '', 403],
    ] as const)
      for (const method of ['GET', 'HEAD']) {
        const headers = { 'sec-fetch-site': site, ...(mode && { 'sec-fetch-mode': mode }) }
        assert.equal((await raw(on.url, headers, method)).status, status, `${method} ${site} ${mode}`)
      }
  })

  it('is this machine for its loopback addresses alone', () => {
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:80', '127.9.9.9', '[::1]:80'])
      assert(isLoopbackHost(host), host)
    for (const host of ['localhost.evil', '127.0.0.1.evil', '0.0.0.0', '', '127.evil'])
      assert(!isLoopbackHost(host), host)
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) assert(isLoopbackAddress(address), address)
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', undefined]) assert(!isLoopbackAddress(address), address)
  })
})

describe('a dashboard in a server of one’s own', () => {
  it('answers below its base path, and all its links and forms stay there', async (context) => {
    const on = await stage(context, { hasTokens: false, basePath: '/ops/jobs' })
    const server = createServer((asked, answer) => {
      if (asked.url?.startsWith('/ops/jobs')) on.dashboard.listener(asked, answer)
      else answer.end('the application')
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    context.after(() => new Promise((resolve) => void server.close(resolve)))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    assert.equal(await (await fetch(`${origin}/orders`)).text(), 'the application')
    for (const path of ['', '/', '/queues', '/workers', '/failures', '/audit', '/timeline']) {
      const page = await fetch(`${origin}/ops/jobs${path}`)
      assert.equal(page.status, 200, path)
      const text = await page.text()
      for (const [, way = ''] of text.matchAll(/\s(?:href|src|action|data-events)="([^"#][^"]*)"/g))
        assert(way.startsWith('/ops/jobs/') || way.startsWith('?') || way.startsWith('data:'), `${path}: ${way}`)
      const style = /href="([^"]+\.css)"/.exec(text)?.[1] ?? ''
      assert.equal((await fetch(origin + style)).headers.get('content-type'), 'text/css; charset=utf-8')
    }
    const paused = await fetch(`${origin}/ops/jobs/queues/pause`, {
      ...form({ queue: 'q' }),
      redirect: 'manual',
      headers: { origin },
    })
    assert.match(paused.headers.get('location') ?? '', /^\/ops\/jobs\/queues\?told=/)
    const outside = await fetch(`${origin}/ops/jobsother`)
    assert.equal(outside.status, 404)
    assert.match(outside.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  })
})

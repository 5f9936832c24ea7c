import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { connect } from '../../../src/connect.ts'
import { createDashboard, type Dashboard } from '../../../src/dashboard/dashboard.ts'
import { HOSTILE, KILLED, LOSING } from '../../drill/report/written-drills.ts'
import { drillOf, judgedRun, suiteOf } from '../../drill/report/suite/written-suite.ts'
import { direct, writtenSearch } from '../../drill/threshold/written-search.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { writeDrillFolder, writeHistoryOnly, writeSuiteFolder } from './drill-folders.ts'

interface Served {
  readonly get: (path: string) => Promise<Response>
  readonly text: (path: string) => Promise<string>
  readonly url: string
}

async function served(context: TestContext, drills: string | undefined, basePath = ''): Promise<Served> {
  const connection = await connect('memory://drill-pages')
  let dashboard: Dashboard | undefined
  context.after(async () => {
    await dashboard?.close()
    await connection.close()
  })
  dashboard = createDashboard({ connection, basePath, ...(drills === undefined ? {} : { drills }) })
  const { url } = await dashboard.listen({ port: 0 })
  const get = (path: string): Promise<Response> => fetch(new URL(`${basePath}${path}`, url), { redirect: 'manual' })
  return { url, get, text: async (path) => await (await get(path)).text() }
}

/** The path as it is, which `fetch` would straighten. */
function raw(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, path }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    })
      .on('error', reject)
      .end()
  })
}

describe('the pages of drills', () => {
  it('list them with verdict, figures and a way to each report, and filter by lab and verdict', async (context) => {
    const root = temporaryFolder('pages', context)
    writeDrillFolder(root, 'first')
    writeDrillFolder(root, 'second', LOSING, { laterMs: 1000, lab: 'rabbitmq-quorum' })
    const { text } = await served(context, root)
    const all = await text('/drills')
    assert.match(all, /2 drills/)
    assert(all.indexOf('/drills/second"') < all.indexOf('/drills/first"'), 'the newest first')
    assert.match(all, /<span class="state good"><svg.*<\/svg> Pass<\/span>/)
    assert.match(all, /<span class="state bad"><svg.*<\/svg> Fail<\/span>/)
    assert.match(all, /href="\/drills\/first\/report\.html"/)
    const failed = await text('/drills?verdict=fail')
    assert(failed.includes('/drills/second"') && !failed.includes('/drills/first"'))
    const embedded = await text('/drills?lab=embedded')
    assert(embedded.includes('/drills/first"') && !embedded.includes('/drills/second"'))
    assert.match(await text('/drills?lab=embedded&verdict=fail'), /No drill is like that/)
  })

  it('say so where there is no folder, or nothing in it', async (context) => {
    assert.match(await (await served(context, undefined)).text('/drills'), /No folder of drills was named/)
    const root = temporaryFolder('pages', context)
    assert.match(await (await served(context, root)).text('/drills'), /No drill has been run/)
  })

  it('tell a page that is open of a drill that has come to its verdict, as it is narrowed', async (context) => {
    const root = temporaryFolder('pages', context)
    writeHistoryOnly(root, 'second', 0)
    const { url, text } = await served(context, root)
    const [, stream = ''] = /data-events="([^"]*)"/.exec(await text('/drills?lab=embedded')) ?? []
    const events = new AbortController()
    const { body } = await fetch(new URL(stream.replaceAll('&#38;', '&'), url), { signal: events.signal })
    let heard = ''
    const decoder = new TextDecoder()
    for await (const chunk of body ?? []) {
      heard += decoder.decode(chunk, { stream: true })
      if (heard.includes('drill-list') && !heard.includes('Pass')) writeDrillFolder(root, 'second')
      if (heard.includes('</svg> Pass</span>')) break
    }
    events.abort()
    assert.match(heard, /"id":"drill-list"/)
  })

  it('go through a thousand folders page by page', async (context) => {
    const root = temporaryFolder('pages', context)
    writeDrillFolder(root, 'd-0000')
    const result = readFileSync(join(root, 'd-0000', 'result.json'))
    for (let number = 1; number < 1000; number++) {
      const folder = join(root, `d-${String(number).padStart(4, '0')}`)
      mkdirSync(folder)
      writeFileSync(join(folder, 'result.json'), result)
    }
    const { text } = await served(context, root)
    const seen = new Set<string>()
    let path: string | undefined = '/drills'
    let pages = 0
    while (path !== undefined && pages < 30) {
      const page: string = await text(path)
      for (const [, name = ''] of page.matchAll(/href="\/drills\/(d-\d{4})"/g)) seen.add(name)
      path = /<a href="([^"]*)" rel="next">/.exec(page)?.[1]?.replaceAll('&#38;', '&')
      pages++
    }
    assert.equal(pages, 20)
    assert.equal(seen.size, 1000)
  })

  it('tell of one drill what it showed, its files, and the one before to compare it with', async (context) => {
    const root = temporaryFolder('pages', context)
    writeDrillFolder(root, 'before')
    const { findings, command } = writeDrillFolder(root, 'after', KILLED, { laterMs: 60_000 })
    const { text, get } = await served(context, root)
    const page = await text('/drills/after')
    assert.match(page, /<h1>kill a on embedded<\/h1>/)
    for (const file of ['report.html', 'events.jsonl', 'junit.xml', 'result.json'])
      assert(page.includes(`href="/drills/after/${file}"`), file)
    assert(page.includes(command))
    assert(findings.length > 0)
    assert.match(page, /href="\/compare\?with=before&#38;with=after"/)
    const compared = await get('/compare?with=after&with=before')
    assert.match(await compared.text(), /A · before[\s\S]*B · after/)
    const policy = compared.headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'.*style-src 'sha256-/)
    assert(!policy.includes('unsafe') && !policy.includes('script-src'))
    assert.equal((await get('/compare?with=after')).status, 400)
    assert.equal((await get('/compare?with=after&with=gone')).status, 404)
    assert.equal((await get('/drills/gone')).status, 404)
  })

  it('show a suite with the way to each run, and compare no suite with a drill', async (context) => {
    const root = temporaryFolder('pages', context)
    writeSuiteFolder(root, 'nightly', suiteOf([drillOf('a kill', [judgedRun(240)])]))
    writeDrillFolder(root, 'nightly/01-kill/run-01')
    writeDrillFolder(root, 'single')
    const { text, get } = await served(context, root)
    assert.match(await text('/drills/nightly'), /href="\/drills\/nightly\/01-kill\/run-01\/report\.html"/)
    const run = await get('/drills/nightly/01-kill/run-01/report.html')
    assert.equal(run.status, 200)
    assert.match(await run.text(), /kill a, embedded/)
    const suite = await get('/drills/nightly/report.html')
    const policy = suite.headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'.*style-src 'sha256-/)
    assert(!policy.includes('script-src'), policy)
    await suite.body?.cancel()
    const mixed = await get('/compare?with=nightly&with=single')
    assert.equal(mixed.status, 400)
    assert.match(await mixed.text(), /One is a suite/)
  })

  it('compare two searches for the retry threshold, and none with a drill', async (context) => {
    const root = temporaryFolder('pages', context)
    for (const [name, outageMs] of [
      ['before', 240],
      ['after', 120],
    ] as const) {
      const search = writtenSearch(Array.from({ length: 12 }, (_, index) => direct(index, outageMs)))
      mkdirSync(join(root, name))
      writeFileSync(join(root, name, 'threshold.json'), JSON.stringify(search))
      writeFileSync(join(root, name, 'report.html'), '<p>ended</p>')
    }
    writeDrillFolder(root, 'single')
    const { text, get } = await served(context, root)
    assert.match(await text('/drills'), /name="with" value="before"/)
    const compared = await get('/compare?with=before&with=after')
    assert.equal(compared.status, 200)
    assert.match(await compared.text(), /Two retry thresholds compared/)
    const policy = compared.headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'.*style-src 'sha256-/)
    const mixed = await get('/compare?with=before&with=single')
    assert.equal(mixed.status, 400)
    assert.match(await mixed.text(), /One is a search for the retry threshold/)
    writeFileSync(join(root, 'after', 'threshold.json'), '{"schema":1,"kind":"threshold","trials":[]}')
    assert.equal((await get('/compare?with=before&with=after')).status, 400)
  })

  it('claim nothing of a search that has no report yet', async (context) => {
    const root = temporaryFolder('pages', context)
    const search = writtenSearch(Array.from({ length: 12 }, (_, index) => direct(index, 240)))
    for (const name of ['on-its-way', 'ended']) {
      mkdirSync(join(root, name))
      writeFileSync(join(root, name, 'threshold.json'), JSON.stringify(search))
    }
    writeFileSync(join(root, 'ended', 'report.html'), '<p>ended</p>')
    const { text } = await served(context, root)
    assert.match(await text('/drills/ended'), /What was found<[^]*waits 300 ms/)
    const onItsWay = await text('/drills/on-its-way')
    assert.match(onItsWay, /It is under way: 12 trials so far[^]*What was found so far<[^]*12 outages/)
    assert.doesNotMatch(onItsWay, /waits 300 ms|R0\.5/)
  })

  it('show what runs, what never ended and what is broken, each by its word', async (context) => {
    const root = temporaryFolder('pages', context)
    writeHistoryOnly(root, 'runs', 0)
    writeHistoryOnly(root, 'died', 3_600_000)
    mkdirSync(join(root, 'torn'))
    writeFileSync(join(root, 'torn', 'result.json'), '{')
    const { text, get } = await served(context, root)
    const page = await text('/drills')
    assert.match(page, /<\/svg> Running</)
    assert.match(page, /<\/svg> Interrupted</)
    assert.match(page, /<\/svg> Unreadable</)
    assert.match(page, /Its result\.json is not JSON/)
    assert.match(await text('/drills/runs'), /under way/)
    assert.match(await text('/drills/torn'), /not JSON/)
    // Its history grows while it is read.
    const events = await get('/drills/runs/events.jsonl')
    assert.equal((await events.text()).trim().split('\n').length, 50)
  })
})

describe('the files of a drill', () => {
  it('are served as they are, the report under its own policy in a sandbox, data as downloads', async (context) => {
    const root = temporaryFolder('pages', context)
    writeDrillFolder(root, 'one')
    const { get } = await served(context, root)
    const report = await get('/drills/one/report.html')
    assert.equal(report.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(await report.text(), readFileSync(join(root, 'one', 'report.html'), 'utf8'))
    const policy = report.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'.*script-src 'sha256-.*sandbox allow-scripts allow-downloads$/)
    assert(!policy.includes('allow-same-origin') && !policy.includes('unsafe'))
    for (const [name, type] of [
      ['events.jsonl', 'application/x-ndjson'],
      ['junit.xml', 'application/xml'],
      ['result.json', 'application/json'],
    ] as const) {
      const file = await get(`/drills/one/${name}`)
      assert.equal(file.headers.get('content-type'), type)
      assert.equal(file.headers.get('content-disposition'), `attachment; filename="one-${name}"`)
      assert.equal(file.headers.get('x-content-type-options'), 'nosniff')
      assert.match(file.headers.get('content-security-policy') ?? '', /sandbox$/)
      assert.equal(await file.text(), readFileSync(join(root, 'one', name), 'utf8'))
    }
  })

  it('give a report that is not ours no script and no style', async (context) => {
    const root = temporaryFolder('pages', context)
    mkdirSync(join(root, 'evil'))
    for (const head of [
      '',
      `<meta http-equiv="Content-Security-Policy" content="default-src *; style-src 'unsafe-inline'; script-src 'unsafe-inline'">`,
      `<meta http-equiv="Content-Security-Policy" content="style-src 'sha256-${'A'.repeat(43)}='; script-src 'self' https:">`,
    ]) {
      writeFileSync(join(root, 'evil', 'report.html'), `${head}<script>fetch('/drills')</script>`)
      const { headers, body } = await (await served(context, root)).get('/drills/evil/report.html')
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none'.*; sandbox$/)
      assert(!policy.includes('script-src') && !policy.includes('style-src'), policy)
      await body?.cancel()
    }
  })

  it('are none outside of their folder: no path, no link and no other name leads there', async (context) => {
    const outside = temporaryFolder('outside', context)
    writeDrillFolder(outside, 'theirs')
    writeFileSync(join(outside, 'secret.log'), 'secret')
    const root = temporaryFolder('pages', context)
    writeDrillFolder(root, 'one')
    writeFileSync(join(root, 'one', 'credentials.json'), 'secret')
    mkdirSync(join(root, 'one', 'brokers'))
    writeFileSync(join(root, 'one', 'brokers', 'rabbitmq.conf'), 'default_pass = secret')
    writeFileSync(join(root, 'one', 'brokers', 'a.log'), 'a line of its own')
    symlinkSync(outside, join(root, 'linked'))
    symlinkSync(join(outside, 'secret.log'), join(root, 'one', 'brokers', 'b.log'))
    symlinkSync(outside, join(root, 'one', 'around'))
    const { url, text, get } = await served(context, root)
    assert.equal(await text('/drills/one/brokers/a.log'), 'a line of its own')
    const depth = root.split('/').length
    const up = '../'.repeat(depth + 3)
    for (const path of [
      `/drills/one/${up}etc/passwd`,
      `/drills/one/${encodeURIComponent(up)}${outside.slice(1)}/secret.log`,
      `/drills/one/${up.replaceAll('.', '%2e')}${outside.slice(1)}/secret.log`,
      `/drills/one/..%2f..%2f${outside.slice(1)}%2fsecret.log`,
      `/drills/..%2f${outside.slice(1).replaceAll('/', '%2f')}/secret.log`,
      `/drills/one/%5c..%5c..%5csecret.log`,
      '/drills/one/brokers/%00.log',
      '/drills/one/%E0%A4%A.log',
      '/drills/linked/theirs/result.json',
      '/drills/linked',
      '/drills/one/around/secret.log',
      '/drills/one/around/theirs/report.html',
      '/drills/one/brokers/b.log',
      '/drills/one/brokers/rabbitmq.conf',
      '/drills/one/credentials.json',
      '/drills/one/brokers',
    ]) {
      const status = await raw(url, path)
      assert(status === 404 || status === 400, `${path}: ${status}`)
    }
    assert(!(await text('/drills/one')).includes('b.log'))
    assert.equal((await get('/drills/linked')).status, 404)
  })

  it('are closed when nobody reads them', {
    skip: existsSync('/proc/self/fd') ? false : 'no /proc',
  }, async (context) => {
    const root = temporaryFolder('pages', context)
    writeDrillFolder(root, 'one')
    const { url } = await served(context, root)
    const open = (): number => readdirSync('/proc/self/fd').length
    await fetch(new URL('/drills/one/report.html', url), { method: 'HEAD' })
    const before = open()
    for (let time = 0; time < 30; time++)
      assert.equal((await fetch(new URL('/drills/one/report.html', url), { method: 'HEAD' })).status, 200)
    assert(open() <= before + 3, `${open() - before} more files are open`)
  })

  it('write out what a stranger chose, and never as markup', async (context) => {
    const root = temporaryFolder('pages', context)
    writeDrillFolder(root, '<img src=x onerror=alert(1)>', HOSTILE, { lab: '"><script>alert(1)</script>' })
    const { text } = await served(context, root)
    for (const path of ['/drills', `/drills/${encodeURIComponent('<img src=x onerror=alert(1)>')}`]) {
      const page = await text(path)
      assert.match(page, /&#60;script&#62;alert/)
      assert(!page.includes('<script>alert') && !page.includes('<img'), path)
    }
  })

  it('stand under the path that the dashboard is mounted at', async (context) => {
    const root = temporaryFolder('pages', context)
    writeDrillFolder(root, 'one')
    const { text, get } = await served(context, root, '/ops/jobs')
    assert.match(await text('/drills'), /href="\/ops\/jobs\/drills\/one\/report\.html"/)
    assert.equal((await get('/drills/one/junit.xml')).status, 200)
  })
})

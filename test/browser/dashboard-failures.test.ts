import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { type Stage, stage, type Who, TOKENS } from '../dashboard/stage.ts'
import { failed, until } from '../jobs/failures/desk-stage.ts'
import { browserSkip, openBrowser } from '../support/chromium.ts'
import { CONTRAST } from '../support/contrast.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)>\u202egnp'

describe('the pages of failures in a browser', { skip: browserSkip }, () => {
  let browser: Browser
  before(async () => {
    browser = await openBrowser()
  })
  after(() => browser?.close())

  interface Desk {
    readonly on: Stage
    /** What should not have happened in any page. */
    readonly trouble: string[]
    readonly open: (path: string, options?: BrowserContextOptions & { readonly who?: Who }) => Promise<Page>
  }

  async function desk(t: TestContext): Promise<Desk> {
    const contexts: BrowserContext[] = []
    // Before the server: it waits for those who are still connected.
    t.after(() => Promise.all(contexts.map((context) => context.close())))
    const on = await stage(t, { kind: 'sqlite' })
    await on.app.failures.count()
    const trouble: string[] = []
    const open: Desk['open'] = async (path, { who = 'ada', ...options } = {}) => {
      const context = await browser.newContext(options)
      await context.addCookies([await sessionOf(on, who)])
      contexts.push(context)
      const page = await context.newPage()
      page.on('console', (message) => {
        // A browser itself notes the status of a page that says what is wrong.
        const isStatus = message.text().startsWith('Failed to load resource: the server responded with a status of 4')
        if (!isStatus && ['error', 'warning'].includes(message.type())) trouble.push(message.text())
      })
      page.on('pageerror', (error) => trouble.push(error.message))
      page.on('request', (request) => {
        const to = request.url()
        if (!to.startsWith(on.url) && !to.startsWith('data:')) trouble.push(`a request to ${to}`)
      })
      await page.goto(new URL(path, on.url).href)
      return page
    }
    return { on, trouble, open }
  }

  /** What a browser has after somebody logged in. */
  async function sessionOf({ url }: Stage, who: Who): Promise<{ name: string; value: string; url: string }> {
    const { headers } = await fetch(`${url}login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: new URL(url).origin },
      body: new URLSearchParams({ token: TOKENS[who].token }),
    })
    const [, name = '', value = ''] = /^([^=]+)=([^;]+)/.exec(headers.get('set-cookie') ?? '') ?? []
    return { name, value, url }
  }

  function some(count: number): ReturnType<typeof failed>[] {
    const now = Date.now()
    return Array.from({ length: count }, (_, n) =>
      failed(`job-${n}`, {
        failedAt: now - (n + 1) * 60_000,
        job: n % 2 === 0 ? 'mail.send' : 'image.resize',
        queue: n % 2 === 0 ? 'mails' : 'images',
        attempts: [
          {
            attempt: 1,
            at: now - (n + 1) * 60_000,
            worker: 'host:1:1',
            broker: 'memory:a',
            error: 'TypeError: no',
            durationMs: 240,
          },
        ],
      }),
    )
  }

  const rows = (page: Page) => page.locator('.failures tbody tr')
  const heading = (page: Page): Promise<string> =>
    page
      .locator('h1')
      .innerText()
      .then((text) => text.trim())
  const focused = (page: Page): Promise<string> =>
    page.evaluate<string>(
      '(document.activeElement.closest("tr") || document.activeElement).innerText || document.activeElement.id',
    )

  it('search, narrow, page, and come back to the whole', async (t) => {
    const { on, trouble, open } = await desk(t)
    await on.store.keep(some(60))
    const page = await open('/failures')
    assert.equal(await rows(page).count(), 50)
    await page.getByRole('link', { name: 'Older' }).click()
    await page.waitForURL(/after=/)
    assert.equal(await rows(page).count(), 10)
    await page.getByRole('link', { name: 'Newest' }).click()
    await page.selectOption('#filter-reason', 'exception')
    await page.fill('#filter-job', 'image.resize')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.waitForURL(/image\.resize/)
    assert.equal(await page.inputValue('#q'), 'status:failed reason:exception job:image.resize')
    assert.match(await page.locator('.tally').innerText(), /30 failures match/)
    await rows(page).first().getByRole('link', { name: 'images' }).click()
    await page.waitForURL(/queue/)
    assert.equal(await page.inputValue('#filter-queue'), 'images')
    await page.fill('#q', 'status:faild')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    assert.match(await page.getByRole('alert').innerText(), /cannot be read at column 8/)
    await page.locator('.query-help summary').click()
    assert.ok(await page.getByText('failed less than two hours ago').isVisible())
    await page.fill('#q', 'jobId:nobody')
    await page.locator('#filter-job').fill('')
    await page.locator('#filter-queue').fill('')
    await page.selectOption('#filter-reason', '')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('link', { name: 'Show all failures' }).click()
    await page.waitForURL(/q=$/)
    assert.match(await page.locator('.tally').innerText(), /60 failures/)
    await page.getByRole('link', { name: 'By cause' }).click()
    await page.waitForURL(/groups/)
    await page.locator('.groups [data-open]').first().click()
    await page.waitForURL(/fingerprint/)
    assert.deepEqual(trouble, [])
  })

  it('are used by keyboard: / to search, j and k along the rows, x to check, Enter to open', async (t) => {
    const { on, trouble, open } = await desk(t)
    await on.store.keep(some(5))
    const page = await open('/failures')
    await page.keyboard.press('/')
    assert.equal(await page.evaluate('document.activeElement.id'), 'q')
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    assert.match(await focused(page), /1 min ago/)
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('k')
    assert.match(await focused(page), /2 min ago/)
    await page.keyboard.press('x')
    assert.deepEqual(
      await page.evaluate(`Array.from(document.querySelectorAll('[data-check]:checked'), (box) => box.value)`),
      ['job-1.0', 'job-2.0'],
    )
    assert.match(await page.locator('.toolbar').innerText(), /this page \(2 checked\)/)
    await page.keyboard.press('x')
    assert.match(await page.locator('.toolbar').innerText(), /this page \(1 checked\)/)
    await page.keyboard.press('Enter')
    await page.waitForURL(/failures\/job-1\.0/)
    assert.deepEqual(trouble, [])
  })

  it('send back what is checked, discard, remove and clear, each after it was confirmed', async (t) => {
    const { on, trouble, open } = await desk(t)
    const { store, app, connection } = on
    await store.keep(some(12))
    const page = await open('/failures')
    const button = (name: string | RegExp) => page.locator('main').getByRole('button', { name })
    await button('Send back…').click()
    await page.waitForURL(/confirm/)
    assert.equal(await heading(page), 'That cannot be')
    await page.getByRole('link', { name: 'Back to the failures' }).click()

    await rows(page).nth(0).getByRole('checkbox').check()
    await rows(page).nth(2).getByRole('checkbox').check()
    await button('Send back…').click()
    await page.waitForURL(/confirm/)
    assert.match(await page.locator('main').innerText(), /2 failed jobs go back to their queues/)
    await page.getByLabel('Not older than').fill('2m')
    await button('Only count').click()
    await page.waitForURL(/requeue/)
    assert.match(await page.locator('#would-go').innerText(), /1 failure would go back now\. 1 failure is too old/)
    await page.getByLabel('Not older than').fill('')
    await button('Send 2 back').click()
    await page.waitForURL(/runs/)
    await page.locator('.run', { hasText: /Done\s+2 failures were sent back/ }).waitFor()
    assert.equal((await connection.inspect('mails'))?.ready, 2)
    await page.getByRole('link', { name: 'Back to the failures' }).click()

    await page.getByLabel('this page').check()
    assert.match(await page.locator('.toolbar').innerText(), /10 checked/)
    await rows(page).nth(0).getByRole('checkbox').uncheck()
    await button('Discard…').click()
    await page.waitForURL(/confirm/)
    await button('Discard 9').click()
    await page.waitForURL(/discard/)
    assert.match(await page.locator('main').innerText(), /9 failures discarded/)

    await page.goto(`${on.url}failures?q=status:discarded`)
    await page.getByLabel('all 9 that match').check()
    assert.ok(await rows(page).nth(0).getByRole('checkbox').isDisabled())
    await button('Remove…').click()
    await page.waitForURL(/confirm/)
    await button('Remove 9').click()
    await page.waitForURL(/remove/)
    assert.equal(await app.failures.count(), 3)

    await page.goto(`${on.url}failures`)
    await page.getByRole('link', { name: 'Clear all…' }).click()
    await page.getByLabel('Type clear all to go on').fill('nonsense')
    await button('Clear all').click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Type clear all to go on').fill('clear all')
    await button('Clear all').click()
    await page.getByText('3 failures removed: all that were kept').waitFor()

    await page.getByRole('link', { name: 'Audit' }).click()
    await page.waitForURL(/audit/)
    assert.equal(await page.locator('.audit tbody tr').count(), 4)
    await page.selectOption('#filter-action', 'discard')
    await button('Show').click()
    await page.waitForURL(/action=discard/)
    assert.match(await page.locator('.audit tbody').innerText(), /ada\s+discard\s+id:.*\s+9/)
    assert.deepEqual(trouble, [])
  })

  it('show how far a requeue is without being asked, and stop it', async (t) => {
    const { on, trouble, open } = await desk(t)
    await on.store.keep(some(30))
    const page = await open('/failures/confirm?action=requeue&all=1&q=')
    await page.getByLabel('Per second').fill('2')
    await page.getByRole('button', { name: 'Send 30 back' }).click()
    await page.waitForURL(/runs/)
    const first = await page.locator('.run').innerText()
    assert.match(first, /On the way/)
    await until('progress', async () => (await page.locator('.run').innerText()) !== first)
    const list = await open('/failures')
    await list.getByText(/You are sending failures back: \d+ of 30 sent/).waitFor()
    await on.store.keep([failed('late')])
    await list.getByText(/waits? for somebody now, (?:(?:1|all) of them )?from the last minute/).waitFor()
    await page.getByRole('button', { name: 'Stop it' }).click()
    await page.getByText('It was stopped on the way').waitFor()
    await list.getByText('What you sent back has ended').waitFor()
    assert.equal(await on.app.failures.count('status:retrying'), 0)
    assert.deepEqual(trouble, [])
  })

  it('edit a failed job and send it back', async (t) => {
    const { on, trouble, open } = await desk(t)
    const { store, app } = on
    await store.keep([failed('a', { args: Buffer.from('{"text":"work"}') })])
    const page = await open('/failures')
    await page.locator('[data-open]').click()
    await page.waitForURL(/a\.0$/)
    await page.getByRole('link', { name: 'Edit and send back…' }).click()
    await page.getByLabel('Arguments').fill('{"text":')
    await page.getByRole('button', { name: 'Send back as a new job' }).click()
    assert.match(await page.getByRole('alert').innerText(), /the arguments are no JSON/)
    assert.equal(await page.getByLabel('Arguments').inputValue(), '{"text":')
    await page.getByLabel('Arguments').fill('{"text":"food"}')
    await page.getByRole('button', { name: 'Send back as a new job' }).click()
    await page.waitForURL(/a\.0$/)
    await page
      .locator('.history')
      .getByText(/sent back by ada edited, as the new job/)
      .waitFor()
    assert.equal((await app.failures.show('a.0'))?.status, 'retried')
    await page.getByRole('link', { name: 'Byte by byte' }).click()
    await page.getByText('0000 7b 22 74').waitFor()
    const downloads = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download' }).click()
    assert.equal((await downloads).suggestedFilename(), 'arguments.bin')
    assert.deepEqual(trouble, [])
  })

  it('show at the edge of a long stack that there is more of it, also where no scroll bar is seen', async (t) => {
    const { on, trouble, open } = await desk(t)
    const stack = Array.from({ length: 90 }, (_, n) => `    at send (mail.js:${n}:1)`).join('\n')
    await on.store.keep([failed('a', { stack })])
    const page = await open('/failures/a.0', { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true })
    assert.equal(await heading(page), 'connect ECONNREFUSED 10.0.0.1:25')
    const shades = await page.evaluate<string>(
      `(() => {
        const box = document.querySelector('pre[aria-labelledby=stack]')
        return box.scrollHeight > box.clientHeight ? getComputedStyle(box).backgroundAttachment : ''
      })()`,
    )
    assert.ok(shades.includes('local') && shades.includes('scroll'), shades)
    assert.deepEqual(trouble, [])
  })

  it('export what is checked and all that matches', async (t) => {
    const { on, trouble, open } = await desk(t)
    await on.store.keep(some(3))
    const page = await open('/failures')
    const lines = async (click: () => Promise<void>): Promise<number> => {
      const download = page.waitForEvent('download')
      await click()
      return readFileSync(await (await download).path(), 'utf8')
        .trimEnd()
        .split('\n').length
    }
    assert.equal(await lines(() => page.getByRole('link', { name: 'Export as JSON lines' }).click()), 3)
    await rows(page).first().getByRole('checkbox').check()
    assert.equal(await lines(() => page.getByRole('button', { name: 'Export' }).click()), 1)
    assert.deepEqual(trouble, [])
  })

  it('do all that without script, too', async (t) => {
    const { on, open } = await desk(t)
    await on.store.keep(some(3))
    const page = await open('/failures', { javaScriptEnabled: false, who: 'otto' })
    assert.equal(await page.getByLabel('this page').isVisible(), false)
    await page.getByLabel('all 3 that match').check()
    await page.getByRole('button', { name: 'Send back…' }).click()
    await page.getByRole('button', { name: 'Send 3 back' }).click()
    await page.waitForURL(/runs/)
    // Nothing changes by itself here, and it may have taken longer than its first page waits for it.
    await until('its end', async () => {
      if ((await page.getByText('3 failures were sent back.').count()) > 0) return true
      await page.getByRole('link', { name: 'Look again' }).click()
      return false
    })
    await until('all sent', async () => (await on.app.failures.count('status:retried')) === 3)
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      it(`can be read by everybody, ${colorScheme}, ${width} px wide`, async (t) => {
        const { on, trouble, open } = await desk(t)
        const { store, app } = on
        const failure = failed('evil', { failedAt: Date.now() })
        await store.keep([
          ...some(8),
          {
            ...failure,
            job: HOSTILE,
            queue: HOSTILE,
            errorMessage: HOSTILE.repeat(50),
            stack: HOSTILE.repeat(100),
            headers: { [HOSTILE]: HOSTILE },
            args: Buffer.alloc(100_000, 0xfe),
            attempts: [
              {
                attempt: 1,
                at: Date.now(),
                worker: 'w'.repeat(300),
                broker: 'b',
                error: 'e'.repeat(190),
                durationMs: 1,
              },
            ],
          },
        ])
        await app.failures.discard('jobId:job-3', { actor: 'otto' })
        await app.failures.requeue('jobId:job-4', { actor: HOSTILE })
        const page = await open('/failures', { colorScheme, viewport: { width, height: 900 } })
        for (const path of [
          'failures?q=',
          'failures?q=status:faild',
          'failures?q=jobId:nobody',
          'failures/groups?q=',
          'failures/evil.0',
          'failures/job-4.0',
          'failures/job-0.0/edit',
          'failures/evil.0/edit',
          'failures/nobody.0',
          'failures/confirm?action=requeue&all=1&q=status:failed',
          'failures/confirm?action=remove&id=job-0.0',
          'failures/clear',
          'failures/runs/nobody',
          'audit',
          'audit?actor=nobody',
        ]) {
          await page.goto(on.url + path)
          for (const summary of await page.locator('main summary').all()) await summary.click()
          const beyond = await page.evaluate<number>(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          )
          assert.equal(beyond, 0, `${path} is ${beyond} px too wide`)
          await page.evaluate(AXE)
          const violations = await page.evaluate<readonly string[]>(
            `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html).join(' ')))`,
          )
          assert.deepEqual(violations, [], path)
          assert.deepEqual(await page.evaluate<readonly string[]>(CONTRAST), [], path)
          assert.notEqual(await page.title(), 'owned')
        }
        assert.deepEqual(trouble, [])
      })
    }
  }
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { unbroken } from '../../../src/drill/report/durations.ts'
import { renderReport } from '../../../src/drill/report/report.ts'
import { HOSTILE, KILLED, LOSING, PAUSED, type Script, writeDrill } from './written-drills.ts'
import { resultOf } from './written-result.ts'

const pages = new Map<Script, string>()

function pageOf(script: Script): string {
  const known = pages.get(script)
  if (known !== undefined) return known
  const events = writeDrill(script)
  const page = renderReport(resultOf(events), events)
  pages.set(script, page)
  return page
}

/** The page as a person reads it: no scripts, no style, no tags. */
function textOf(page: string): string {
  return page
    .slice(page.indexOf('<body>'))
    .replaceAll(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Fails without printing the page, which is long. */
function says(page: string, expected: RegExp): void {
  const text = textOf(page)
  assert.ok(expected.test(text), `${String(expected)} is not in: ${text.slice(0, 400)}…`)
}

describe('the report as a file of its own', () => {
  it('loads nothing from anywhere', () => {
    for (const script of [KILLED, PAUSED, LOSING, HOSTILE]) {
      const markup = pageOf(script).replaceAll(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')
      assert.doesNotMatch(markup, /<(?:link|img|iframe|object|embed|base|audio|video|image)\b/i)
      assert.doesNotMatch(markup, /\b(?:src|srcset|action|formaction|data|poster|background|ping)\s*=/i)
      for (const [, href] of markup.matchAll(/\bhref="([^"]*)"/g)) {
        assert.match(String(href), /^(?:#[\w-]+|\w[\w./-]*)$/, 'only within the page or to a file beside it')
      }
      assert.doesNotMatch(pageOf(script), /@import|url\((?!#)/)
    }
  })

  it('has a policy that allows its own style and scripts by their hashes, and nothing else', () => {
    const page = pageOf(KILLED)
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'")
    assert.ok(policy)
    assert.match(policy, /^default-src 'none';/)
    assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/)
    const texts = [...page.matchAll(/<(style|script)>([\s\S]*?)<\/\1>/g)].map((match) => match[2] ?? '')
    assert.equal(texts.length, 3)
    for (const text of texts) {
      assert.doesNotMatch(text, /\r/, 'a parser would turn it into a line feed, and the hash would not fit')
      assert.ok(policy.includes(createHash('sha256').update(text).digest('base64')))
    }
  })

  it('has no style attribute and no event handler, which its policy would block', () => {
    for (const script of [KILLED, HOSTILE]) {
      const tags =
        pageOf(script)
          .replaceAll(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')
          .match(/<[^>]+>/g) ?? []
      for (const tag of tags) assert.doesNotMatch(tag, /\s(?:style|on\w+)\s*=/i)
    }
  })

  it('carries the notice that the plot library asks for', () => {
    assert.match(pageOf(KILLED), /Permission is hereby granted, free of charge/)
  })

  it('stays below 250 KB for a thousand jobs', () => {
    assert.ok(Buffer.byteLength(pageOf({ ...KILLED, jobs: 1_000 })) < 250_000)
  })
})

describe('the report on hostile names', () => {
  it('holds no element that an id, a run id or a setting tried to bring in', () => {
    const page = pageOf(HOSTILE)
    assert.equal(page.match(/<script/g)?.length, 4, 'the library, the page script, the jobs and what they refer to')
    assert.equal(page.match(/<\/script>/g)?.length, 4)
    assert.doesNotMatch(page, /<img|<svg onload|alert\(1\)<\/script>/)
  })

  it('still names the jobs, with what cannot be seen spelled out', () => {
    const page = pageOf(HOSTILE)
    says(page, /<script>alert\(1\)<\/script>105/)
    says(page, /line\\u\{a\}break\\u\{1b\}\[31mred\\u\{202e\}gnp\.exe\\u\{0\}/)
  })

  it('keeps the ids in the data island as they are', () => {
    const json = /<script type="application\/json" id="run-data">(.*?)<\/script>/s.exec(pageOf(HOSTILE))?.[1] ?? ''
    const { table } = JSON.parse(json) as { table: { ids: string[] } }
    assert.ok(table.ids.includes('</script><img src=x onerror=alert(1)>8'))
  })
})

describe('the report as it reads', () => {
  it('begins with the verdict', () => {
    says(
      pageOf(KILLED),
      /^Skip to the content Failover drill · embedded · kill a · 2026-11-21 05:40:18 UTC PASS RTO 5 s: PASS · RPO 0: PASS · nothing lost of 300 confirmed jobs/,
    )
    says(pageOf(LOSING), /UTC FAIL RTO 5 s: PASS · RPO 0: FAIL \(actual 3\b/)
  })

  it('says in one sentence what happened', () => {
    says(
      pageOf(KILLED),
      /b took over 0\.23 s after a was killed; none of 300 jobs was lost, 1 duplicate was delivered\./,
    )
    says(pageOf(PAUSED), /a was paused and no other broker took over: no job was confirmed for 12\.1 s/)
  })

  it('shows the parts of the failover, which add up to the whole', () => {
    const table = /<table class="waterfall">[\s\S]*?<\/table>/.exec(pageOf(KILLED))?.[0] ?? ''
    const times = [...table.matchAll(/<td class="number">(\d+) ms<\/td>/g)].map((match) => Number(match[1]))
    assert.equal(times.length, 6, 'five parts and the whole')
    const whole = times.pop()
    assert.equal(
      times.reduce((sum, ms) => sum + ms, 0),
      whole,
    )
    const widths = [...table.matchAll(/class="bar" x="([\d.]+)%" width="([\d.]+)%"/g)]
    const [lastX, lastWidth] = [widths.at(-1)?.[1], widths.at(-1)?.[2]].map(Number)
    assert.ok(Math.abs((lastX ?? 0) + (lastWidth ?? 0) - 100) < 0.01, 'drawn to the same scale')
  })

  it('keeps a percentage on one line, and a duration of two units in one size', () => {
    assert.equal(unbroken('a job fails in at most 9.81 % of runs'), 'a job fails in at most 9.81\u00a0% of runs')
    const events = writeDrill(KILLED)
    const page = renderReport({ ...resultOf(events), recoveryMs: 62_000 }, events)
    assert.match(page, /<dd class="value plain">1 min 2 s<\/dd>/)
  })

  it('says that there are no parts where nobody took over', () => {
    says(pageOf(PAUSED), /No other broker took over after the fault/)
  })

  it('tells of the job that was stored twice when, where and why', () => {
    says(
      pageOf(KILLED),
      /job-000101 .* Sent twice: attempt 1 was written to a 1\.9 ms before it was killed and stored, but no confirm came back, attempt 2 was confirmed by b; delivered twice, by b/,
    )
  })

  it('lists the jobs that were not plain for a page without script, the worst first', () => {
    const table = (script: Script): string =>
      /The fate of every job[\s\S]*?How it was run/.exec(pageOf(script))?.[0] ?? ''
    const listed = (script: Script): string[] =>
      [...table(script).matchAll(/class="id">(job-\d+)</g)].map((m) => String(m[1]))
    assert.deepEqual(
      listed(KILLED),
      [101, 102, 103, 104, 105].map((n) => `job-000${n}`),
    )
    const losing = listed(LOSING)
    for (const n of ['099', '100', '101', '105', '106']) assert.ok(losing.includes(`job-000${n}`), n)
    assert.equal(losing.length, new Set(losing).size, 'none twice')
    // Jobs 101 to 341 fell due while `a` was stopped; the page without script lists 200.
    assert.equal(listed(PAUSED).length, 200)
    says(pageOf(PAUSED), /41 more jobs not listed here/)
  })

  it('opens a job to its events in the order they happened', () => {
    const row = /job-000101<\/span>[\s\S]*?<\/details>/.exec(pageOf(KILLED))?.[0] ?? ''
    const steps = [...row.matchAll(/<span class="what">([^<]*)<\/span>/g)].map((match) => String(match[1]))
    assert.deepEqual(steps.slice(0, 4), [
      'due',
      'attempt 1 to a',
      'attempt 1 ambiguous: written, no answer came',
      'attempt 2 to b',
    ])
    assert.equal(steps.filter((step) => step.startsWith('delivery')).length, 4)
  })

  it('draws every moment of the failover through both plots', () => {
    const page = pageOf(KILLED)
    for (const kind of ['fault', 'proof', 'lock', 'reconnect', 'confirm']) {
      assert.ok((page.match(new RegExp(`class="moment ${kind}"`, 'g')) ?? []).length >= 4, kind)
    }
  })

  it('draws a change of the lock once, as the finest source has it', () => {
    const events = writeDrill(KILLED)
    const at = {
      t: 6_250e6,
      wall: 0,
      type: 'marker',
      kind: 'lock-acquired',
      node: 'b',
      detail: '',
      atNs: 6_180e6,
    } as const
    const twice = [...events, { ...at, source: 'database', toleranceMs: 100 }]
    const page = renderReport(resultOf(twice), twice)
    assert.equal(page.match(/<text class="moment-label[^>]*>lock to b/g)?.length, 2, 'once for each span')
    says(page, /lock to b \+0\.167 s/)
  })

  it('tells of a hang with a band of its own', () => {
    assert.match(pageOf(PAUSED), /class="probe-mute"/)
    assert.doesNotMatch(pageOf(KILLED), /class="probe-mute"/)
  })

  it('gives the command that repeats the drill, its seed and its settings', () => {
    const page = pageOf(KILLED)
    says(page, /understudy drill --lab embedded --fault kill --seed 42/)
    says(page, /lock poll 200 ms/)
  })

  it('is the same page for the same events in another order', () => {
    const events = writeDrill(KILLED)
    const result = resultOf(events)
    assert.equal(renderReport(result, events.toReversed()), renderReport(result, events))
  })

  it('renders a run in which nothing was injected and no job was sent', () => {
    const [run] = writeDrill(KILLED)
    assert.ok(run)
    const page = renderReport(resultOf([run]), [run])
    says(page, /UNKNOWN/)
    says(page, /Nothing was injected; no job was sent\./)
    says(page, /No job was sent\./)
    says(page, /No fault was injected, so there are no parts to show\./)
  })

  it('refuses a history without its run line', () => {
    const events = writeDrill(KILLED)
    const result = resultOf(events)
    assert.throws(
      () => renderReport(result, events.slice(1)),
      (error) => error instanceof UnderstudyError && error.code === 'invalid-option',
    )
  })

  it('explains what was asked, what stands beside the prediction, and how exact the brokers own account is', () => {
    const events = writeDrill(KILLED)
    const predicted = { lowerMs: 0, upperMs: 2250, because: 'the standby asks for the lock every 0.25 s' }
    const page = renderReport({ ...resultOf(events), predicted }, events)
    says(page, /RPO 0 PASS \(0\) how many confirmed jobs may be lost/)
    says(page, /predicted from the settings measured, from its lower to its upper bound/)
    says(page, /known to within \d+(\.\d)? ms/)
    for (const { name } of resultOf(events).objectives) {
      const rows = page.slice(page.indexOf('What was asked')).split('<tr>')
      const row = rows.find((one) => one.includes(`>${name}`)) ?? ''
      assert.match(row, /class="meaning"/, name)
    }
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { counted } from '../../src/dashboard/parts/figures.ts'
import { badge } from '../../src/dashboard/parts/badge.ts'
import { facts } from '../../src/dashboard/parts/facts.ts'
import { filterForm } from '../../src/dashboard/parts/filters.ts'
import { actionButton, confirmation } from '../../src/dashboard/parts/form.ts'
import { staleNotice } from '../../src/dashboard/parts/stale.ts'
import { pager } from '../../src/dashboard/parts/pager.ts'
import { table } from '../../src/dashboard/parts/table.ts'
import { Tidings } from '../../src/dashboard/parts/tidings.ts'
import { ago, durationText, exactly, exactlyAgo, since } from '../../src/dashboard/parts/time.ts'

const NOW = Date.UTC(2026, 10, 21, 19, 36, 6)
const clock = { wallTime: () => NOW }

describe('times', () => {
  it('are told in one unit, with the exact time beside them', () => {
    const words = (ms: number): string => />([^<]*)</.exec(ago(clock, NOW - ms).markup)?.[1] ?? ''
    assert.deepEqual(
      [0, 999, 1000, 59_999, 60_000, 3_599_999, 3_600_000, 47 * 3_600_000, 48 * 3_600_000, -5000].map(words),
      [
        'just now',
        'just now',
        '1 s ago',
        '59 s ago',
        '1 min ago',
        '59 min ago',
        '1 h ago',
        '47 h ago',
        '2 days ago',
        'just now',
      ],
    )
    assert.equal(
      since(clock, NOW - 90_000).markup,
      '<time datetime="2026-11-21T19:34:36.000Z" data-kind="since" title="2026-11-21 19:34:36 UTC">1 min</time>',
    )
    assert.match(exactly(NOW).markup, />2026-11-21 19:36:06 UTC</)
    assert.match(exactlyAgo(clock, NOW - 5000).markup, />2026-11-21 19:36:01 UTC<.*>5 s ago</)
  })

  it('that are none are told so, whatever a message said', () => {
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 9e15, '2026' as unknown as number])
      for (const told of [ago, exactlyAgo]) assert.equal(told(clock, at).markup, '<span class="quiet">no time</span>')
  })

  it('that something took have as many digits as are of use', () => {
    assert.deepEqual([0, 103.4, 1540, 12_340, 200_000, 7_260_000, -1, Number.NaN].map(durationText), [
      '0 ms',
      '103 ms',
      '1.54 s',
      '12.3 s',
      '3 min 20 s',
      '2 h 1 min',
      '?',
      '?',
    ])
  })
})

describe('a table', () => {
  it('keeps the roles of a table, names its rows, and titles each cell for narrow pages', () => {
    const { markup } = table({
      caption: 'Queues',
      columns: [{ title: 'Queue' }, { title: 'Waiting', kind: 'number' }, { title: 'Actions', kind: 'actions' }],
      rows: [['<orders>', 3, actionButton({ action: '/pause', label: 'Pause', title: 'Pause <orders>' })]],
    })
    assert.match(markup, /<caption class="unseen">Queues<\/caption>/)
    assert.match(markup, /<th role="rowheader" scope="row" class="text">&#60;orders&#62;<\/th>/)
    assert.match(markup, /<td role="cell" class="number" data-title="Waiting">3<\/td>/)
    assert.match(
      markup,
      /<form method="post" action="\/pause" class="action"><button class="quiet" aria-label="Pause &#60;orders&#62;">Pause<\/button><\/form>/,
    )
  })
})

describe('a table whose rows begin with something else than their name', () => {
  it('has its row header where it says', () => {
    const { markup } = table({
      caption: 'Failures',
      name: 'failures',
      columns: [
        { title: 'Check', kind: 'check' },
        { title: 'Error', kind: 'head' },
        { title: 'Job', name: 'job' },
      ],
      rows: [['box', 'no', 'mail']],
    })
    assert.match(markup, /<table role="table" class="rows failures">/)
    assert.match(
      markup,
      /<td role="cell" class="check" data-title="">box<\/td><th role="rowheader" scope="row" class="head">no</,
    )
    assert.match(markup, /<td role="cell" class="text job" data-title="Job">mail</)
  })
})

describe('what was seen a while ago', () => {
  it('is told as such, with why', () => {
    assert.equal(staleNotice(clock, { at: NOW - 2000, error: undefined }).markup, '')
    assert.equal(staleNotice(clock, { at: undefined, error: 'refused' }).markup, '')
    assert.match(
      staleNotice(clock, { at: NOW - 9000, error: 'refused' }).markup,
      /As it was <time.*>9 s ago<\/time>.*, refused\./,
    )
  })
})

describe('the way through a list', () => {
  it('is a landmark where there is one, and only says what is shown where not', () => {
    assert.equal(pager({ said: '3 drills' }).markup, '<p class="pager"><span class="quiet">3 drills</span></p>')
    assert.equal(pager({}).markup, '')
    const { markup } = pager({ said: 'Page 2 of 3', newest: '/a', newer: '/b', older: '/c?x=1&y=2' })
    assert.match(markup, /^<nav class="pager" aria-label="Pages">/)
    assert.match(markup, /<a href="\/b" rel="prev">Newer<\/a><a href="\/c\?x=1&#38;y=2" rel="next">Older<\/a>/)
  })
})

describe('filters', () => {
  it('are a form that only looks, with what is chosen', () => {
    const options = [
      { value: 'a', words: '<a>', isChosen: false },
      { value: 'b', words: 'b', isChosen: true },
    ]
    const { markup } = filterForm('/audit', [{ name: 'actor', label: 'Who', any: 'anybody', options }])
    assert.match(markup, /<form class="finder" method="get" action="\/audit" role="search" aria-label="Filters">/)
    assert.match(markup, /<label for="filter-actor">Who<\/label>\s*<select id="filter-actor" name="actor">/)
    assert.match(markup, /<option value="a">&#60;a&#62;<\/option><option value="b" selected>b<\/option>/)
  })
})

describe('facts and states', () => {
  it('are told by name, and by a word that begins with a capital', () => {
    assert.match(
      facts([['<Job>', 'mail']]).markup,
      /<dl class="facts"><div><dt>&#60;Job&#62;<\/dt><dd>mail<\/dd><\/div><\/dl>/,
    )
    assert.match(
      badge('pass', 'sent back', 'good').markup,
      /^<span class="state good"><svg.*<\/svg> Sent back<\/span>$/,
    )
  })
})

describe('a confirmation', () => {
  it('is a form that posts what was asked about, and a way back', () => {
    const { markup } = confirmation({
      question: 'Remove 3?',
      told: 'For good.',
      action: '/purge',
      label: 'Remove 3',
      fields: { queue: '"><b>' },
      tone: 'danger',
      back: '/queues',
    })
    assert.match(markup, /<h1>Remove 3\?<\/h1>/)
    assert.match(markup, /<input type="hidden" name="queue" value="&#34;&#62;&#60;b&#62;">/)
    assert.match(markup, /<a class="button" href="\/queues">/)
  })
})

describe('tidings', () => {
  it('are told to who has their id, and the eldest are forgotten', () => {
    const tidings = new Tidings()
    const [, first = ''] = tidings.keep('good', '<b>done</b>').split('=')
    assert.match(tidings.of(first)?.markup ?? '', /&#60;b&#62;done/)
    assert.equal(tidings.of('made-up'), undefined)
    assert.equal(tidings.of(undefined), undefined)
    for (let n = 0; n < 100; n++) tidings.keep('good', 'again')
    assert.equal(tidings.of(first), undefined)
  })
})

describe('counts', () => {
  it('agree with their noun, with thousands set apart', () => {
    assert.deepEqual(
      [counted(0, 'queue'), counted(1, 'queue'), counted(12_345, 'entry', 'entries')],
      ['0 queues', '1 queue', '12,345 entries'],
    )
  })
})

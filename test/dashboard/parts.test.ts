import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { counted } from '../../src/dashboard/parts/figures.ts'
import { actionButton, confirmation } from '../../src/dashboard/parts/form.ts'
import { table } from '../../src/dashboard/parts/table.ts'
import { Tidings } from '../../src/dashboard/parts/tidings.ts'
import { ago, durationText, exactly, since } from '../../src/dashboard/parts/time.ts'

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
  })

  it('that are none are told so, whatever a message said', () => {
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 9e15, '2026' as unknown as number])
      assert.equal(ago(clock, at).markup, '<span class="quiet">no time</span>')
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

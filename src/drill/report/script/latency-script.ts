import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * uPlot as its package ships it, to stand in the page itself: a report must open without a network.
 * Its licence asks for its notice to go along.
 */
export function plotLibrary(): { readonly script: string; readonly style: string } {
  const file = (url: string): string => readFileSync(fileURLToPath(url), 'utf8').trim()
  const notice = `/*\n${file(import.meta.resolve('uplot/LICENSE')).replaceAll('*/', '* /')}\n*/`
  const script = file(import.meta.resolve('uplot/dist/uPlot.iife.min.js'))
  return { script: `${notice}\n${script}`, style: file(import.meta.resolve('uplot/dist/uPlot.min.css')) }
}

/**
 * Draws scheduled latency with uPlot, follows the choice of span, the width of the page and its colours, says
 * beneath it which job the pointer is on, and opens that job's story when it is chosen.
 */
export const LATENCY_SCRIPT: string = String.raw`
function latencyPlot(run, columns, showJob) {
  const box = document.getElementById('latency-plot')
  const readout = document.getElementById('latency-readout')
  if (!box || typeof uPlot === 'undefined') return
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()
  const MOMENTS = { fault: 'bad', proof: 'bad', lock: 'muted', reconnect: 'muted', confirm: 'good', heal: 'muted', abort: 'bad' }
  const DASHES = { fault: [], proof: [2, 3], lock: [6, 3], reconnect: [2, 2], confirm: [], heal: [9, 3, 2, 3], abort: [6, 3] }
  let plot
  let drawn = []

  const chosen = () => {
    const radio = document.querySelector('input[name=span]:checked')
    return run.spans.find((span) => radio && span.name === radio.value) || run.spans[0]
  }

  // Of all jobs that share a column of the screen the slowest and the fastest, so that no peak and no floor is lost.
  const thinned = (span, width) => {
    const slots = new Map()
    const { dueMs, latencyMs, attempts } = columns
    for (let job = 0; job < dueMs.length; job++) {
      const at = dueMs[job] / 1000
      if (!(at >= span.from && at <= span.to) || Number.isNaN(latencyMs[job])) continue
      const key = Math.floor(((at - span.from) / (span.to - span.from)) * width) * 2 + (attempts[job] > 1 ? 1 : 0)
      const slot = slots.get(key)
      if (!slot) slots.set(key, [job, job])
      else {
        if (latencyMs[job] > latencyMs[slot[0]]) slot[0] = job
        if (latencyMs[job] < latencyMs[slot[1]]) slot[1] = job
      }
    }
    return [...new Set([...slots.values()].flat())].sort((one, other) => one - other)
  }

  const tell = (at) => {
    const job = at === null || at === undefined ? undefined : drawn[at]
    readout.textContent = job === undefined
      ? readout.dataset.idle
      : printableLine(columns.id[job], 80) + ' · due ' + formatOffset(columns.dueMs[job] * 1e6) + ' · confirmed after ' + formatMs(columns.latencyMs[job]) +
        (columns.attempts[job] > 1 ? ' · ' + columns.attempts[job] + ' attempts' : '') + ' · by ' + run.nameOf(columns.table.endpoints[columns.by[job]])
  }

  const drawOver = (u, span) => {
    const { ctx, bbox } = u
    const ratio = devicePixelRatio
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    for (const moment of run.moments) {
      const x = Math.round(u.valToPos(moment.at, 'x', true)) + 0.5
      ctx.strokeStyle = colour(MOMENTS[moment.kind])
      ctx.lineWidth = (moment.kind === 'fault' ? 1.75 : 1) * ratio
      ctx.setLineDash(DASHES[moment.kind].map((length) => length * ratio))
      ctx.beginPath()
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
      ctx.stroke()
    }
    ctx.setLineDash([])
    ctx.strokeStyle = colour('bad')
    ctx.lineWidth = 1.75 * ratio
    const arm = 3.5 * ratio
    const y = bbox.top + 8 * ratio
    const crossed = new Set()
    ctx.beginPath()
    for (let job = 0; job < columns.dueMs.length; job++) {
      if (!Number.isNaN(columns.latencyMs[job]) || Number.isNaN(columns.dueMs[job])) continue
      const x = Math.round(u.valToPos(columns.dueMs[job] / 1000, 'x', true))
      if (crossed.has(x)) continue
      crossed.add(x)
      ctx.moveTo(x - arm, y - arm)
      ctx.lineTo(x + arm, y + arm)
      ctx.moveTo(x + arm, y - arm)
      ctx.lineTo(x - arm, y + arm)
    }
    ctx.stroke()
    ctx.restore()
  }

  const draw = () => {
    if (plot) plot.destroy()
    const span = chosen()
    const ink = colour('muted')
    const grid = { stroke: colour('grid'), width: 1 }
    const font = '12px ' + getComputedStyle(box).fontFamily
    const gutter = parseInt(colour('gutter'), 10)
    // A narrow page has no room for every label.
    const every = box.clientWidth < 520 ? 2 : 1
    const zero = Math.max(0, span.ticks.indexOf(0))
    const labels = span.labels.map((label, at) => ((at - zero) % every === 0 ? label : ''))
    drawn = thinned(span, Math.max(1, box.clientWidth - gutter))
    const again = drawn.map((job) => columns.attempts[job] > 1)
    const due = drawn.map((job) => columns.dueMs[job] / 1000)
    const latency = drawn.map((job) => Math.max(0.05, columns.latencyMs[job]))
    plot = new uPlot({
      width: box.clientWidth,
      height: box.clientWidth < 520 ? 220 : 270,
      padding: [0, 0, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 10, fill: () => 'transparent', stroke: () => colour('ink'), width: 2 },
      },
      scales: {
        x: { time: false, range: () => [span.from, span.to] },
        y: { distr: run.y.log ? 3 : 1, range: () => [run.y.from, run.y.to] },
      },
      axes: [
        { stroke: ink, font, grid, ticks: { ...grid, size: 4 }, size: 26, gap: 4, splits: () => span.ticks, values: () => labels },
        { stroke: ink, font, grid, ticks: { ...grid, size: 4 }, size: gutter, gap: 4, splits: () => run.y.ticks, values: () => run.y.labels, filter: (u, splits) => splits },
      ],
      series: [
        {},
        { label: 'sent once', paths: () => null, stroke: colour('accent'), points: { show: true, size: 5, width: 0, fill: colour('accent') } },
        { label: 'sent more than once', paths: () => null, stroke: colour('doubt'), points: { show: true, size: 8, width: 1.75, fill: colour('paper'), stroke: colour('doubt') } },
      ],
      hooks: { draw: [(u) => drawOver(u, span)], setCursor: [(u) => tell(u.cursor.left >= 0 ? u.cursor.idx : null)] },
    }, [due, latency.map((ms, at) => (again[at] ? null : ms)), latency.map((ms, at) => (again[at] ? ms : null))], box)
    plot.over.addEventListener('click', () => {
      const job = plot.cursor.left >= 0 ? drawn[plot.cursor.idx] : undefined
      if (job !== undefined) showJob(job)
    })
    tell(null)
  }

  let width = 0
  new ResizeObserver(() => {
    if (box.clientWidth === width) return
    width = box.clientWidth
    draw()
  }).observe(box)
  for (const radio of document.querySelectorAll('input[name=span]')) radio.addEventListener('change', draw)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  addEventListener('beforeprint', () => { document.documentElement.classList.add('printing'); draw() })
  addEventListener('afterprint', () => { document.documentElement.classList.remove('printing'); draw() })
}
`

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
 * The page's own script: draws scheduled latency with uPlot from the data island, follows the choice of
 * span, the width of the page and its colours, and says beneath it which job the pointer is on.
 */
export const LATENCY_SCRIPT = `
(() => {
  'use strict'
  const island = document.getElementById('latency-data')
  const box = document.getElementById('latency-plot')
  if (!island || !box || typeof uPlot === 'undefined') return
  const data = JSON.parse(island.textContent)
  const readout = document.getElementById('latency-readout')
  const jobs = data.jobs
  const again = jobs.attempts.map((count) => count > 1)
  const once = jobs.latencyMs.map((ms, i) => (again[i] ? null : ms))
  const resent = jobs.latencyMs.map((ms, i) => (again[i] ? ms : null))
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()
  const MOMENTS = { fault: 'bad', proof: 'bad', lock: 'muted', reconnect: 'muted', confirm: 'good', heal: 'muted', abort: 'bad' }
  const DASHES = { fault: [], proof: [2, 3], lock: [6, 3], reconnect: [2, 2], confirm: [], heal: [9, 3, 2, 3], abort: [6, 3] }
  let plot

  const chosen = () => {
    const radio = document.querySelector('input[name=span]:checked')
    return data.spans.find((span) => radio && span.name === radio.value) || data.spans[0]
  }

  const signed = (seconds) => (seconds < 0 ? '\\u2212' : '+') + Math.abs(seconds).toFixed(3) + ' s'
  const duration = (ms) => (ms < 10 ? ms.toFixed(1) + ' ms' : ms < 1000 ? Math.round(ms) + ' ms' : (ms / 1000).toFixed(2) + ' s')

  const tell = (i) => {
    if (!readout) return
    readout.textContent = i === null || i === undefined
      ? readout.dataset.idle
      : jobs.id[i] + ' \\u00b7 due ' + signed(jobs.due[i]) + ' \\u00b7 confirmed after ' + duration(jobs.latencyMs[i]) +
        (jobs.attempts[i] > 1 ? ' \\u00b7 ' + jobs.attempts[i] + ' attempts' : '') + (data.endpoints[jobs.by[i]] ? ' \\u00b7 by ' + data.endpoints[jobs.by[i]] : '')
  }

  const drawOver = (u) => {
    const { ctx, bbox } = u
    const ratio = devicePixelRatio
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    for (const moment of data.moments) {
      const x = Math.round(u.valToPos(moment.at, 'x', true)) + 0.5
      ctx.strokeStyle = colour(MOMENTS[moment.kind])
      ctx.lineWidth = (moment.kind === 'fault' ? 1.5 : 1) * ratio
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
    for (const at of data.unconfirmed) {
      const x = u.valToPos(at, 'x', true)
      ctx.beginPath()
      ctx.moveTo(x - arm, y - arm)
      ctx.lineTo(x + arm, y + arm)
      ctx.moveTo(x + arm, y - arm)
      ctx.lineTo(x - arm, y + arm)
      ctx.stroke()
    }
    ctx.restore()
  }

  const draw = () => {
    if (plot) plot.destroy()
    const span = chosen()
    const ink = colour('muted')
    const grid = { stroke: colour('grid'), width: 1 }
    const font = '12px ' + getComputedStyle(box).fontFamily
    // A narrow page has no room for every label.
    const every = box.clientWidth < 520 ? 2 : 1
    const zero = span.ticks.indexOf(0)
    const thinned = span.labels.map((label, i) => ((i - (zero < 0 ? 0 : zero)) % every === 0 ? label : ''))
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
        y: { distr: data.y.log ? 3 : 1, range: () => [data.y.from, data.y.to] },
      },
      axes: [
        { stroke: ink, font, grid, ticks: { ...grid, size: 4 }, size: 26, gap: 4, splits: () => span.ticks, values: () => thinned },
        { stroke: ink, font, grid, ticks: { ...grid, size: 4 }, size: 56, gap: 4, splits: () => data.y.ticks, values: () => data.y.labels, filter: (u, splits) => splits },
      ],
      series: [
        {},
        { label: 'sent once', paths: () => null, stroke: colour('accent'), points: { show: true, size: 5, width: 0, fill: colour('accent') } },
        { label: 'sent more than once', paths: () => null, stroke: colour('doubt'), points: { show: true, size: 8, width: 1.75, fill: colour('paper'), stroke: colour('doubt') } },
      ],
      hooks: { draw: [drawOver], setCursor: [(u) => tell(u.cursor.left >= 0 ? u.cursor.idx : null)] },
    }, [jobs.due, once, resent], box)
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
})()
`

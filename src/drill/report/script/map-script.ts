/**
 * Draws every job as a mark in the order they fell due, row by row. Where there are more jobs than room, a mark
 * stands for several and shows the worst among them. The list beneath is the same for who cannot point.
 */
export const MAP_SCRIPT: string = String.raw`
function jobMap(run, columns, showJob) {
  const canvas = document.getElementById('job-map')
  const readout = document.getElementById('map-readout')
  if (!canvas) return
  const count = columns.dueMs.length
  const paths = run.marks.map((mark) => new Path2D(mark.path))
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()
  const TONES = { grave: 'bad', doubt: 'doubt', mild: 'muted', plain: 'accent' }
  const MOST_HEIGHT = 240
  let layout

  // The worst fate has the lowest bit; no bit is the plain one, the last.
  const worstOf = (mask) => (mask === 0 ? run.marks.length - 1 : 31 - Math.clz32(mask & -mask))

  const layOut = (width) => {
    for (const size of [18, 15, 12, 10]) {
      const across = Math.max(1, Math.floor(width / size))
      const rows = Math.ceil(count / across)
      if (rows * size <= MOST_HEIGHT || size === 10) {
        const per = Math.max(1, Math.ceil(rows / Math.floor(MOST_HEIGHT / size)))
        return { size, across, per, cells: Math.ceil(count / per) }
      }
    }
  }

  const maskAt = (cell) => {
    let worst = run.marks.length
    for (let job = cell * layout.per; job < Math.min(count, (cell + 1) * layout.per); job++) worst = Math.min(worst, worstOf(columns.mask[job]))
    return worst
  }

  const draw = () => {
    const width = canvas.clientWidth
    if (width === 0) return
    layout = layOut(width)
    const { size, across, cells } = layout
    const height = Math.ceil(cells / across) * size + 6
    canvas.width = width * devicePixelRatio
    canvas.height = height * devicePixelRatio
    canvas.style.height = height + 'px'
    const ctx = canvas.getContext('2d')
    const tones = Object.fromEntries(Object.entries(TONES).map(([tone, name]) => [tone, colour(name)]))
    const wash = colour('wash')
    const scale = (size - 3) / 12
    for (let cell = 0; cell < cells; cell++) {
      const fate = maskAt(cell)
      const mark = run.marks[fate]
      const x = (cell % across) * size
      const y = Math.floor(cell / across) * size + 3
      ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, x * devicePixelRatio, y * devicePixelRatio)
      if (fate === run.marks.length - 1) {
        ctx.fillStyle = wash
        ctx.fillRect(0, 0, size - 2, size - 2)
      }
      ctx.transform(scale, 0, 0, scale, 0.5, 0.5)
      ctx.fillStyle = ctx.strokeStyle = tones[mark.tone]
      ctx.lineWidth = 1.9
      if (mark.solid) ctx.fill(paths[fate])
      else ctx.stroke(paths[fate])
    }
    if (!run.hasFault) return
    // The fault stands before the first job that fell due after it.
    let first = 0
    while (first < count && !(columns.dueMs[first] >= 0)) first++
    if (first === count) return
    const cell = Math.floor(first / layout.per)
    ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    ctx.fillStyle = colour('bad')
    ctx.fillRect((cell % across) * size - 2, Math.floor(cell / across) * size, 2, size + 3)
  }

  const cellOf = (event) => {
    const bounds = canvas.getBoundingClientRect()
    const column = Math.floor((event.clientX - bounds.left) / layout.size)
    const cell = Math.floor((event.clientY - bounds.top - 3) / layout.size) * layout.across + column
    return column < layout.across && cell >= 0 && cell < layout.cells ? cell : undefined
  }

  const tell = (cell) => {
    if (cell === undefined) {
      readout.textContent = readout.dataset.idle + (layout.per > 1 ? ' Here each stands for ' + layout.per + ' and shows the worst.' : '') + (run.hasFault ? ' The red bar is the fault.' : '')
      return
    }
    const from = cell * layout.per
    const to = Math.min(count, from + layout.per) - 1
    const due = Number.isNaN(columns.dueMs[from]) ? '' : ' · due ' + formatOffset(columns.dueMs[from] * 1e6)
    const name = printableLine(columns.id[from], 60) + (to > from ? ' and the ' + (to - from) + ' after it' : '')
    readout.textContent = name + due + ' · ' + (to > from ? 'the worst: ' : '') + run.fates[maskAt(cell)]
  }

  canvas.addEventListener('mousemove', (event) => tell(cellOf(event)))
  canvas.addEventListener('mouseleave', () => tell(undefined))
  canvas.addEventListener('click', (event) => {
    const cell = cellOf(event)
    if (cell === undefined) return
    const worst = maskAt(cell)
    for (let job = cell * layout.per; job < Math.min(count, (cell + 1) * layout.per); job++) {
      if (worstOf(columns.mask[job]) === worst) return showJob(job)
    }
  })
  let width = 0
  new ResizeObserver(() => {
    if (canvas.clientWidth === width) return
    width = canvas.clientWidth
    draw()
    tell(undefined)
  }).observe(canvas)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
}
`

/** The list of jobs: search by id, fate and broker, page by page, each job opening to its story. */
export const JOBS_SCRIPT: string = String.raw`
function jobList(run, columns) {
  const form = document.getElementById('finder')
  if (!form) return () => {}
  const find = document.getElementById('find')
  const at = document.getElementById('at-endpoint')
  const list = document.getElementById('job-list')
  const found = document.getElementById('found')
  const meaning = document.getElementById('fate-meaning')
  const back = document.getElementById('page-back')
  const on = document.getElementById('page-on')
  const PAGE = 25
  const count = columns.dueMs.length
  const PLAIN = run.fates.length - 1
  let matches = []
  let page = 0

  const element = (tag, className, text) => {
    const made = document.createElement(tag)
    if (className) made.className = className
    if (text !== undefined) made.textContent = text
    return made
  }
  const worstOf = (mask) => (mask === 0 ? PLAIN : 31 - Math.clz32(mask & -mask))
  const shownEndpoint = (endpoint) => run.nameOf(endpoint) + (endpoint === null || run.nameOf(endpoint) === endpoint ? '' : ' ' + endpoint)

  at.append(new Option('any broker', ''))
  columns.table.endpoints.slice(0, 31).forEach((endpoint, index) => {
    if (index > 0 || columns.met.some((bits) => bits & 1)) at.append(new Option(shownEndpoint(endpoint), index))
  })

  const markOf = (fate) => {
    const mark = run.marks[fate]
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
    svg.setAttribute('class', 'mark tone-' + mark.tone)
    svg.setAttribute('viewBox', '0 0 12 12')
    svg.setAttribute('aria-hidden', 'true')
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    path.setAttribute('class', mark.solid ? 'solid' : 'open')
    path.setAttribute('d', mark.path)
    svg.append(path)
    return svg
  }

  const storyOf = (job) => {
    const story = unpackStory(columns, job)
    const box = element('div', 'story')
    const [, ...also] = story.fates
    box.append(element('p', 'why', whyItHappened(story, run.fault, run.nameOf) + (also.length > 0 ? ' Also: ' + also.join(', ') + '.' : '')))
    const steps = element('ol')
    let last
    for (const step of storySteps(story, run.nameOf)) {
      const line = element('li')
      line.append(
        element('time', '', formatOffset(step.atNs)),
        element('span', 'step', last === undefined ? '' : '+' + formatMs((step.atNs - last) / 1e6)),
        element('span', step.trouble ? 'what bad' : 'what', step.what),
      )
      steps.append(line)
      last = step.atNs
    }
    const link = element('a', '', 'Link to this job')
    link.href = '#job=' + encodeURIComponent(columns.id[job])
    const linked = element('p', 'meaning')
    linked.append(link)
    box.append(steps, linked)
    return box
  }

  const rowOf = (job) => {
    const fate = worstOf(columns.mask[job])
    const row = element('details', 'job')
    const summary = element('summary')
    const named = element('span', 'fate')
    named.append(markOf(fate), run.fates[fate] === 'once' ? 'plain' : run.fates[fate])
    const number = (name, text) => {
      const cell = element('span', 'number', text)
      cell.dataset.name = name
      return cell
    }
    summary.append(
      named,
      element('span', 'id', printableLine(columns.id[job], 80)),
      number('Due', Number.isNaN(columns.dueMs[job]) ? 'no' : formatOffset(columns.dueMs[job] * 1e6)),
      number('Confirmed after', Number.isNaN(columns.latencyMs[job]) ? 'never' : formatMs(columns.latencyMs[job])),
      number('Sent', columns.attempts[job] + ' ×'),
      number('Delivered', columns.deliveries[job] + ' ×'),
    )
    row.append(summary)
    row.addEventListener('toggle', () => {
      if (row.open && row.childElementCount === 1) row.append(storyOf(job))
    })
    return row
  }

  const chosenFate = () => new FormData(form).get('fate')
  const choose = (value) => {
    const radio = [...form.elements].find((each) => each.name === 'fate' && each.value === value)
    if (radio) radio.checked = true
  }

  const search = () => {
    const fate = chosenFate()
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
      let fates = 0
      run.fates.forEach((name, index) => { if ((index === PLAIN ? 'once plain' : name).includes(word)) fates |= 1 << index })
      let endpoints = 0
      columns.table.endpoints.slice(0, 31).forEach((endpoint, index) => { if (shownEndpoint(endpoint).toLowerCase().includes(word)) endpoints |= 1 << index })
      return { word, fates, endpoints }
    })
    const wanted = fate === 'all' || fate === 'troubled' ? undefined : run.fates.indexOf(fate)
    const endpoint = at.value === '' ? 0 : 1 << Number(at.value)
    const hits = []
    for (let job = 0; job < count; job++) {
      const mask = columns.mask[job] === 0 ? 1 << PLAIN : columns.mask[job]
      if (fate === 'troubled' && columns.mask[job] === 0) continue
      if (wanted !== undefined && !(mask & (1 << wanted))) continue
      if (endpoint !== 0 && !(columns.met[job] & endpoint)) continue
      if (words.every(({ word, fates, endpoints }) => mask & fates || columns.met[job] & endpoints || columns.id[job].toLowerCase().includes(word))) hits.push(job)
    }
    if (fate === 'troubled') {
      const worst = run.fates.map(() => [])
      for (const job of hits) worst[worstOf(columns.mask[job])].push(job)
      matches = worst.flat()
    } else matches = hits
    meaning.textContent = wanted === undefined ? '' : run.meanings[wanted]
    show(0)
  }

  const show = (wanted) => {
    page = Math.max(0, Math.min(wanted, Math.ceil(matches.length / PAGE) - 1))
    const from = page * PAGE
    const shown = matches.slice(from, from + PAGE)
    list.replaceChildren(...shown.map(rowOf))
    if (shown.length === 0) list.append(element('p', 'nothing', 'No job is like that.'))
    found.textContent = shown.length === 0
      ? 'Nothing found'
      : formatCount(from + 1) + '–' + formatCount(from + shown.length) + ' of ' + formatCount(matches.length) + (chosenFate() === 'troubled' ? ', the worst first' : ', as they fell due')
    back.disabled = from === 0
    on.disabled = from + PAGE >= matches.length
  }

  const showJob = (job) => {
    find.value = ''
    at.value = ''
    choose('all')
    search()
    show(Math.floor(job / PAGE))
    const row = list.children[job % PAGE]
    if (!row) return
    row.open = true
    const summary = row.firstElementChild
    summary.focus({ preventScroll: true })
    row.scrollIntoView({ block: 'center' })
  }

  const follow = () => {
    const wanted = /^#job=(.+)$/.exec(location.hash)
    if (!wanted) return
    let id = wanted[1]
    try { id = decodeURIComponent(id) } catch {}
    const job = columns.id.indexOf(id)
    if (job >= 0) showJob(job)
  }

  find.addEventListener('input', () => {
    // Who looks for a name means any job, also one without trouble.
    if (find.value.trim() !== '' && chosenFate() === 'troubled') choose('all')
    search()
  })
  find.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && find.value !== '') { find.value = ''; search(); event.preventDefault() }
    if (event.key !== 'Enter') return
    event.preventDefault()
    const row = list.querySelector('details')
    if (row) { row.open = true; row.firstElementChild.focus() }
  })
  list.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowDown' ? 'nextElementSibling' : event.key === 'ArrowUp' ? 'previousElementSibling' : undefined
    const row = step && event.target.closest('summary') && event.target.closest('details')[step]
    if (row) { row.firstElementChild.focus(); event.preventDefault() }
  })
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== 'radio') return
    event.preventDefault()
    find.focus()
    find.select()
    find.scrollIntoView({ block: 'center' })
  })
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('change', (event) => { if (event.target !== find) search() })
  back.addEventListener('click', () => show(page - 1))
  on.addEventListener('click', () => show(page + 1))
  addEventListener('hashchange', follow)
  search()
  follow()
  return showJob
}
`

import { FAILURES_SCRIPT } from '../failures/failures-script.ts'

/**
 * The dashboard's one script, as browsers get it. Without it every page works all the same: it makes pages live by
 * server-sent events, keeps times true, selects all, and knows a few keys.
 */
export const SCRIPT: string = `'use strict'
;(() => {
  const content = document.getElementById('content')
  const liveState = document.getElementById('live-state')

  // Times: the server said them in words once; here they go on.
  const unit = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000))
    if (s < 60) return s + ' s'
    if (s < 3600) return Math.floor(s / 60) + ' min'
    if (s < 172800) return Math.floor(s / 3600) + ' h'
    return Math.floor(s / 86400) + ' days'
  }
  // The server's clock decides: a page was made at a time that its answer named.
  let offset = 0
  const say = (time) => {
    const ms = Date.now() + offset - Date.parse(time.dateTime)
    const words = time.dataset.kind === 'ago' ? (ms < 1000 ? 'just now' : unit(ms) + ' ago') : unit(ms)
    if (time.textContent !== words) time.textContent = words
  }
  const sayAll = (under) => {
    for (const time of under.querySelectorAll('time[data-kind="ago"], time[data-kind="since"]')) say(time)
  }

  // Live parts: the inside of an element is exchanged where it changed, and what had the focus keeps it.
  const told = (element) => {
    const copy = element.cloneNode(true)
    for (const time of copy.querySelectorAll('time')) time.textContent = ''
    return copy.innerHTML
  }
  const place = (element) => [element.tagName, element.getAttribute('href'), element.getAttribute('aria-label') || element.textContent, element.getAttribute('name'), element.closest('form') && element.closest('form').getAttribute('action')].join('|')
  const exchange = ({ id, html }) => {
    const element = document.getElementById(id)
    if (!element) return
    const next = element.cloneNode(false)
    next.innerHTML = html
    if (told(next) === told(element)) return
    const focus = element.contains(document.activeElement) ? place(document.activeElement) : undefined
    const checked = new Set(Array.from(element.querySelectorAll('input:checked'), (input) => input.name + '=' + input.value))
    const open = new Set(Array.from(element.querySelectorAll('details[open][id]'), (details) => details.id))
    element.replaceChildren(...next.childNodes)
    for (const input of element.querySelectorAll('input[type=checkbox]')) if (checked.has(input.name + '=' + input.value)) input.checked = true
    for (const details of element.querySelectorAll('details[id]')) if (open.has(details.id)) details.open = true
    if (focus !== undefined) {
      const again = Array.from(element.querySelectorAll('a, button, input:not([type=hidden]), summary')).find((one) => place(one) === focus)
      if (again) again.focus({ preventScroll: true })
    }
    sayAll(element)
    document.dispatchEvent(new CustomEvent('fragment', { detail: id }))
  }

  let source, again
  const show = (state, words) => {
    if (!liveState || liveState.dataset.live === state) return
    // Who hears the page is told what is worth a word: that it is old, and that it is live again.
    const told = document.getElementById('broker-told')
    if (told && (state === 'off' || liveState.dataset.live === 'off')) told.textContent = words
    liveState.dataset.live = state
    liveState.textContent = words
  }
  const close = () => {
    if (source) source.close()
    source = undefined
    clearTimeout(again)
  }
  const open = () => {
    close()
    source = new EventSource(content.dataset.events)
    source.onopen = () => show('on', 'Live')
    source.addEventListener('fragment', (event) => exchange(JSON.parse(event.data)))
    source.addEventListener('time', (event) => { offset = Number(event.data) - Date.now() })
    source.onerror = () => {
      show('off', 'Not live: the dashboard does not answer. What stands here is old.')
      // A browser tries again by itself, except after an answer that is none.
      if (source && source.readyState === EventSource.CLOSED) again = setTimeout(open, 5000)
    }
  }
  if (content && content.dataset.events) {
    // A browser has few connections to one server: a page that nobody sees needs none.
    const visible = () => (document.hidden ? close() : source || open())
    document.addEventListener('visibilitychange', visible)
    addEventListener('pagehide', close)
    addEventListener('pageshow', visible)
    visible()
  }
  sayAll(document)
  setInterval(() => document.hidden || sayAll(document), 1000)

  // One box selects all: <input type="checkbox" data-selects="NAME"> for those called NAME in its form.
  const boxes = (all) => all.closest('form').querySelectorAll('input[type=checkbox][name="' + all.dataset.selects + '"]')
  document.addEventListener('change', ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== 'checkbox' || !target.form) return
    if (target.dataset.selects) for (const box of boxes(target)) box.checked = target.checked
    for (const all of target.form.querySelectorAll('input[data-selects]')) {
      const each = Array.from(boxes(all))
      const count = each.filter((box) => box.checked).length
      all.checked = count > 0 && count === each.length
      all.indeterminate = count > 0 && count < each.length
      for (const where of document.querySelectorAll('[data-count-of="' + all.dataset.selects + '"]')) where.textContent = String(count)
    }
  })
  for (const hidden of document.querySelectorAll('[data-needs-script]')) hidden.hidden = false

  // Whoever speaks to the computer, or has keys of their own, turns ours off; it stays so.
  const keys = document.getElementById('keys-on')
  try {
    if (keys) keys.checked = localStorage.getItem('understudy-keys') !== 'off'
    if (keys) keys.addEventListener('change', () => localStorage.setItem('understudy-keys', keys.checked ? 'on' : 'off'))
  } catch { /* A browser that keeps nothing has them on. */ }

  // Keys: / goes to the search, g and a letter to a page, j and k along the rows, Escape out of a field.
  let went = -Infinity
  const step = (by) => {
    const rows = Array.from(document.querySelectorAll('.rows tbody tr')).map((row) => row.querySelector('a, summary, button, input:not([type=hidden])')).filter(Boolean)
    if (rows.length === 0) return
    const now = rows.findIndex((one) => one.closest('tr').contains(document.activeElement))
    rows[Math.min(rows.length - 1, Math.max(0, now + by))].focus()
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || (keys && !keys.checked)) return
    const field = event.target instanceof Element && event.target.matches('input:not([type=checkbox], [type=radio]), textarea, select')
    if (field) {
      if (event.key === 'Escape') event.target.blur()
      return
    }
    if (event.key === '/') {
      const search = document.querySelector('input[type=search]')
      if (search) { event.preventDefault(); search.focus(); search.select() }
    } else if (event.key === 'g') went = event.timeStamp
    else if (event.timeStamp - went < 1500 && /^[a-z]$/.test(event.key)) {
      const link = document.querySelector('.main-nav a[data-key="' + event.key + '"]')
      went = -Infinity
      if (link) link.click()
    } else if (event.key === 'j') step(1)
    else if (event.key === 'k') step(-1)
  })
})()
${FAILURES_SCRIPT}`

/**
 * What the pages of failures add to the dashboard's script: j and k stop at what opens a row, x checks it, Enter opens
 * it, and what is done with all that match needs no checked rows.
 */
export const FAILURES_SCRIPT: string = `
;(() => {
  const rowOf = (element) => element instanceof Element ? element.closest('.rows tbody tr') : null
  const openerOf = (row) => row && row.querySelector('[data-open]')
  const mark = () => {
    for (const form of document.querySelectorAll('form[data-checks]')) {
      const all = form.querySelector('[data-check-all]')
      for (const box of form.querySelectorAll('[data-check]')) {
        const row = rowOf(box)
        if (row) row.classList.toggle('is-checked', box.checked || Boolean(all && all.checked))
        box.disabled = Boolean(all && all.checked)
      }
    }
  }
  document.addEventListener('change', mark)
  // A page that is gone back to has its boxes as they were left.
  addEventListener('pageshow', mark)
  mark()
  document.addEventListener('keydown', (event) => {
    const keys = document.getElementById('keys-on')
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || (keys && !keys.checked)) return
    const row = rowOf(document.activeElement)
    if (!row) return
    const isBox = document.activeElement.matches('[data-check]')
    if (event.key === 'x') {
      const box = row.querySelector('[data-check]')
      if (box && !box.disabled) box.click()
    } else if (isBox && event.key === 'Enter') {
      // In a form it would press the first button.
      event.preventDefault()
      const opener = openerOf(row)
      if (opener) opener.click()
    } else if (isBox && (event.key === 'j' || event.key === 'k')) {
      const opener = openerOf(row)
      if (opener) opener.focus()
    }
  })
})()
`

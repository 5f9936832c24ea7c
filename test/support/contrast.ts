/** In the page: every text that is seen and stands less than 4.5 to 1 against the first ground behind it. */
export const CONTRAST: string = `(() => {
  const parse = (colour) => {
    const found = /rgba?\\(([\\d.]+), ([\\d.]+), ([\\d.]+)(?:, ([\\d.]+))?\\)/.exec(colour)
    return found ? [Number(found[1]), Number(found[2]), Number(found[3]), found[4] === undefined ? 1 : Number(found[4])] : undefined
  }
  const light = ([r, g, b]) => {
    const part = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
  }
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor)
      if (colour && colour[3] > 0.5) return colour
    }
    return [255, 255, 255, 1]
  }
  const faint = new Set()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (!walker.currentNode.textContent.trim() || /^(SCRIPT|STYLE|NOSCRIPT|OPTION)$/.test(element.tagName) || element.closest('button:disabled, noscript')) continue
    if (element.getClientRects().length === 0) continue
    const style = getComputedStyle(element)
    const colour = parse(element.namespaceURI.endsWith('svg') ? style.fill : style.color)
    const [one, other] = [light(colour), light(ground(element))].sort((a, b) => b - a)
    if ((one + 0.05) / (other + 0.05) < 4.5) faint.add(element.tagName + '.' + (element.getAttribute('class') || '') + ' ' + walker.currentNode.textContent.trim().slice(0, 30))
  }
  return [...faint]
})()`

import assert from 'node:assert/strict'

export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
}

const TOKEN = /<\/([\w-]+)>|<([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Reads elements, attributes and text, and fails at anything that is not well-formed. */
export function parseXml(text: string): readonly XmlElement[] {
  const root: XmlElement[] = []
  const open: { name: string; children: XmlElement[] }[] = [{ name: '', children: root }]
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    assert(match, `not well-formed at ${JSON.stringify(text.slice(at, at + 60))}`)
    const [, closing, name, attributes, empty, words] = match
    if (closing !== undefined) assert.equal(open.pop()?.name, closing)
    else if (name !== undefined) {
      const element = { name, attributes: attributesOf(attributes ?? ''), children: [] as XmlElement[] }
      open.at(-1)?.children.push(element)
      if (empty === '') open.push(element)
    } else unescaped(words ?? '')
  }
  assert.equal(open.length, 1, 'an element is not closed')
  return root
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, unescaped(value ?? '')]),
  )
}

function unescaped(text: string): string {
  assert.doesNotMatch(text, /&(?!(?:amp|lt|gt|quot|apos|#\d+);)/, 'a bare ampersand')
  return text.replaceAll(/&(#?)(\w+);/g, (_, numeric: string, name: string) =>
    numeric === '' ? (ENTITIES[name] ?? '') : String.fromCodePoint(Number(name)),
  )
}

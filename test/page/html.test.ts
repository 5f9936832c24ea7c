import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { dataIsland, escapeHtml, html, policyHash, trusted } from '../../src/page/html.ts'
import { printable, printableLine } from '../../src/page/printable.ts'

describe('a page template', () => {
  it('escapes every value, in text and in attributes', () => {
    const hostile = `<b onclick="x">'\`&`
    const page = html`<i title="${hostile}">${hostile}</i>`.markup
    assert.equal(page.match(/</g)?.length, 2, page)
    assert.equal(page.match(/"/g)?.length, 2, page)
    assert.doesNotMatch(page, /['`]/)
  })

  it('escapes what stands in a list, and takes markup of another template as it is', () => {
    const page = html`<ul>${['<a>', html`<li>${'<b>'}</li>`]}</ul>`.markup
    assert.equal(page, '<ul>&#60;a&#62;<li>&#60;b&#62;</li></ul>')
  })

  it('takes nothing for markup that it has not made, whatever its type says', () => {
    const told = JSON.parse('[{ "markup": "<b>" }, true, { "queue": { "markup": "<i>" } }]') as readonly string[]
    assert.equal(html`${told}`.markup.match(/</g), null)
    assert.match(html`<p>${told[0]}</p>`.markup, /^<p>\{&#34;markup&#34;:&#34;&#60;b&#62;&#34;\}<\/p>$/)
  })

  it('leaves nothing where there is nothing', () => {
    assert.equal(html`${null}${undefined}${false}${0}`.markup, '0')
  })

  it('spells out characters that cannot be seen or that turn the text around', () => {
    assert.equal(escapeHtml('a\u202eb\u0000\u001b'), 'a\\u{202e}b\\u{0}\\u{1b}')
  })

  it('marks nothing of a run as trusted by accident', () => {
    assert.equal(html`${trusted('<hr>')}${'<hr>'}`.markup, '<hr>&#60;hr&#62;')
  })
})

describe('a data island', () => {
  it('cannot be ended by its own data, and reads back as it was', () => {
    const data = { id: '</script><!--<script>', line: '\u2028', and: '&lt;' }
    const island = dataIsland('d', data).markup
    const body = island.slice(island.indexOf('>') + 1, island.lastIndexOf('</script>'))
    assert.doesNotMatch(body, /[<>&\u2028]/)
    assert.deepEqual(JSON.parse(body), data)
  })
})

describe('a policy hash', () => {
  it('is the SHA-256 of the text in the form of a content security policy', () => {
    const digest = createHash('sha256').update('ünder').digest('base64')
    assert.equal(policyHash('ünder'), `'sha256-${digest}'`)
  })
})

describe('printable text', () => {
  it('keeps line ends, and spells them out where there may be one line only', () => {
    assert.equal(printable('a\nb'), 'a\nb')
    assert.equal(printableLine('a\nb'), 'a\\u{a}b')
  })

  it('cuts what is too long with an ellipsis', () => {
    assert.equal(printableLine('abcdef', 4), 'abc…')
  })

  it('spells out half a surrogate pair and leaves a whole one', () => {
    assert.equal(printable('\ud83d'), '\\u{d83d}')
    assert.equal(printable('🐇'), '🐇')
  })
})

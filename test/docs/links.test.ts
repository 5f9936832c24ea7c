import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGES = ['.', 'docs', 'docs/decisions', 'examples/abh', 'examples/cluster-demo'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(ROOT, folder, name)),
)

interface Link {
  readonly target: string
  readonly heading: string | undefined
}

/** The links of a page that stay within the project. */
function linksOf(page: string): readonly Link[] {
  return [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, written = '']) => {
    if (/^[a-z]+:/.test(written)) return []
    const [path = '', heading] = written.split('#')
    return [{ target: path === '' ? page : join(dirname(page), path), heading }]
  })
}

/** The names by which the headings of a page can be linked to. */
function headingsOf(page: string): readonly string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  )
}

describe('every page', () => {
  for (const page of PAGES) {
    it(`${relative(ROOT, page)} links to what is there`, () => {
      for (const { target, heading } of linksOf(page)) {
        assert(existsSync(target), `${relative(ROOT, target)} is not there`)
        if (heading === undefined) continue
        assert(headingsOf(target).includes(heading), `${relative(ROOT, target)} has no heading #${heading}`)
      }
    })
  }

  it('in docs/, decisions too, can be reached from the README', () => {
    const reached = new Set([join(ROOT, 'README.md')])
    for (const page of reached) {
      if (!page.endsWith('.md') || !existsSync(page)) continue
      for (const { target } of linksOf(page)) {
        reached.add(target)
        // A folder is shown with what introduces it.
        reached.add(join(target, 'README.md'))
      }
    }
    const docs = PAGES.filter((page) => relative(ROOT, page).startsWith('docs'))
    assert.deepEqual(
      docs.filter((page) => !reached.has(page)),
      [],
    )
  })

  it('that the package leads to is in it', () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }
    const missing = linksOf(join(ROOT, 'README.md'))
      .map(({ target }) => relative(ROOT, target))
      .filter((path) => !files.some((file) => `${path}/`.startsWith(`${file}/`)))
    assert.deepEqual(missing, [])
  })
})

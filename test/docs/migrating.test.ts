import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { emptyFolder } from '../support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const [PRELUDE = '', ...SNIPPETS] = snippetsOf(readFileSync(join(ROOT, 'docs', 'migrating.md'), 'utf8'))

function snippetsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '')
}

/** Each in a block of its own, as a reader takes them. Returns the compiler's words, empty when it has none. */
function compile(snippets: readonly string[], context: TestContext): string {
  // Inside the project, so that its dependencies are found.
  const folder = emptyFolder(join(ROOT, 'test', '.migrating-'), context)
  const blocks = snippets.map((code) => `;{\n${code}}\n`).join('')
  writeFileSync(join(folder, 'page.ts'), PRELUDE.replace('understudy-mq', '../../src/index.ts') + blocks)
  const declarations = join(ROOT, 'adapters', 'activemq', 'stompit.d.ts')
  const settings = { extends: join(ROOT, 'tsconfig.json'), include: ['page.ts', declarations] }
  const options = { rootDir: ROOT, noUnusedLocals: false, isolatedDeclarations: false }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...settings, compilerOptions: options }))
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
  return status === 0 ? '' : `${stdout}${stderr}`
}

test('every snippet of ours on the page about moving over compiles', (context) => {
  assert(SNIPPETS.length >= 13, `${SNIPPETS.length} snippets were found`)
  assert.equal(compile(SNIPPETS, context), '')
})

test('a snippet that uses what there is not would not compile', (context) => {
  assert.match(compile(["await connection.sendd('queue://orders', order)\n"], context), /sendd/)
})

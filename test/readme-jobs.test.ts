import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createLabs } from '../infra/labs/labs.ts'
import { drillUri } from '../src/cli/drill/run.ts'
import { type RunningCommand, startScript } from './support/command.ts'
import { labRootFor } from './support/lab-root.ts'
import { emptyFolder } from './support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const SECTION = /## Jobs\n([\s\S]*?)\n## /.exec(README)?.[1] ?? ''
const JOB_FILE = /```ts\n([\s\S]*?)```/.exec(SECTION)?.[1] ?? ''
const COMMANDS = [...SECTION.matchAll(/^npx understudy ([^#\n]*[^#\s])/gm)].map(([, command = '']) => command)

it("the README's job file and its five commands work as they stand", async (context) => {
  const lab = await createLabs({ root: labRootFor(context) }).up('embedded')
  const folder = emptyFolder(join(ROOT, 'test', '.readme-'), context)
  const store = { UNDERSTUDY_FAILURES: join(folder, 'failures.db') }
  writeFileSync(join(folder, 'jobs.ts'), JOB_FILE.replace('understudy-mq', join(ROOT, 'src', 'index.ts')))
  const start = (command: string): RunningCommand => {
    const words = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
    const args = words.map((word) =>
      word === 'URI' ? drillUri(lab, {}) : /^\w+\.(?:ts|db)$/.test(word) ? join(folder, word) : word,
    )
    return startScript([join(ROOT, 'src', 'cli', 'main.ts'), ...args], store)
  }
  try {
    const [work = '', enqueue = '', search = '', retry = '', show = ''] = COMMANDS
    assert.equal(COMMANDS.length, 5)
    const worker = start(work)
    await worker.saw('takes jobs from images')
    assert.equal((await start(enqueue).ended).exitCode, 0)
    await worker.saw('resizing cat.png')
    for (const command of [search, retry]) {
      const { exitCode, stderr } = await start(command).ended
      assert.equal(exitCode, 0, stderr)
    }
    const dashboard = start(`${show} --port 0`)
    await dashboard.saw('http://127.0.0.1:')
    for (const { child, ended } of [dashboard, worker]) {
      child.kill('SIGTERM')
      const { exitCode, stderr } = await ended
      assert.equal(exitCode, 0, stderr)
    }
  } finally {
    await lab.down()
  }
})

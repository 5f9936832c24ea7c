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

it("the README's walk of a job works as it stands, the failed one sent back from the page", async (context) => {
  const lab = await createLabs({ root: labRootFor(context) }).up('embedded')
  const folder = emptyFolder(join(ROOT, 'test', '.readme-'), context)
  const variables = { UNDERSTUDY_URI: drillUri(lab, {}), UNDERSTUDY_FAILURES: join(folder, 'failures.db') }
  writeFileSync(join(folder, 'jobs.ts'), JOB_FILE.replace('understudy-mq', join(ROOT, 'src', 'index.ts')))
  const started: RunningCommand[] = []
  const start = (command: string): RunningCommand => {
    const words = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
    const args = words.map((word) => (word === 'jobs.ts' ? join(folder, word) : word))
    const running = startScript([join(ROOT, 'src', 'cli', 'main.ts'), ...args], variables)
    started.push(running)
    return running
  }
  const output = async (command: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await start(command).ended
    assert.equal(exitCode, 0, stderr)
    return stdout
  }
  try {
    // The lab is put up by the test, under a root of its own.
    const [up, work = '', enqueue = '', show = '', ...rest] = COMMANDS
    const [search = '', retry = ''] = rest.filter((command) => command.startsWith('failures '))
    assert.deepEqual([up, COMMANDS.length], ['lab up embedded', 6])
    const worker = start(work)
    await worker.saw('takes jobs from images')
    await output(enqueue)
    await worker.saw('failed ')
    assert.match(await output(search), /cat\.pgn is not a PNG/)

    const dashboard = start(`${show} --port 0`)
    const { origin } = new URL((await dashboard.saw(/^dashboard at http:\S+/m)).replace('dashboard at ', ''))
    const { failures } = JSON.parse(await output(`${search} --json`)) as { failures: { id: string }[] }
    const action = `${origin}/failures/${failures[0]?.id}/edit`
    assert.match(await (await fetch(action)).text(), /<textarea[^>]* name="args"/)
    const body = new URLSearchParams({ form: 'text', args: '{"file":"cat.png"}', queue: 'images' })
    const sentBack = await fetch(action, { method: 'POST', headers: { origin }, body })
    assert.equal(sentBack.status, 200, await sentBack.text())
    await worker.saw('resizing cat.png')

    await output(enqueue)
    await worker.saw(/failed [^]*failed /)
    assert.match(await output(retry), /1 failure sent back/)
    await worker.saw(/failed [^]*failed [^]*failed /)
    for (const { child, ended } of [dashboard, worker]) {
      child.kill('SIGTERM')
      const { exitCode, stderr } = await ended
      assert.equal(exitCode, 0, stderr)
    }
  } finally {
    for (const { child } of started) child.kill('SIGKILL')
    await lab.down()
  }
})

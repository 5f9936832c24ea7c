import assert from 'node:assert/strict'
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { sqliteFailures, sqliteLedger } from '../../../src/stores.ts'
import { failures } from '../../../src/testing/failure-store/place.ts'
import { ownFolder } from './place.ts'

const HANG = { timeout: 60_000 }
const script = (name: string): URL => new URL(`./${name}`, import.meta.url)

function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`it ended with ${code} and said nothing`)))
  })
}

it('two processes that claim at once get each failure once', HANG, async () => {
  using folder = ownFolder()
  await using store = sqliteFailures(folder.file)
  await store.keep(failures('a', 1_500))
  const children = ['one', 'two'].map((name) => fork(script('claiming-process.ts'), [folder.file, name]))
  const ends = children.map((child) => once(child, 'exit'))
  await Promise.all(children.map(messageOf))
  const answers = children.map(messageOf)
  for (const child of children) child.send('go')
  const [one = [], two = []] = (await Promise.all(answers)) as string[][]
  assert.equal(one.length + two.length, 1_500)
  assert.equal(new Set([...one, ...two]).size, 1_500)
  assert.ok(one.length > 0 && two.length > 0, 'they did not work at the same time')
  for (const end of ends) assert.deepEqual(await end, [0, null])
})

it('what a process was told is kept and finished is there after it was killed', HANG, async () => {
  using folder = ownFolder()
  const child = fork(script('keeping-process.ts'), [folder.file])
  const told: string[] = []
  const enough = new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('it ended by itself')))
    child.on('message', (id: string) => {
      if (told.push(id) === 50) resolve()
    })
  })
  const end = once(child, 'exit')
  await enough
  child.kill('SIGKILL')
  await end
  await using store = sqliteFailures(folder.file)
  await using ledger = sqliteLedger(folder.file)
  const found = await Promise.all(told.map((id) => store.get(`${id}.0`)))
  assert.deepEqual(
    found.map((failure) => failure?.jobId),
    told,
  )
  const runs = await Promise.all(told.map((id) => ledger.begin(id, 'w')))
  assert.ok(runs.every(({ finished }) => finished))
})

it('ten processes may open one new file at the same time', HANG, async () => {
  using folder = ownFolder()
  const children = Array.from({ length: 10 }, () => fork(script('claiming-process.ts'), [folder.file, 'none']))
  const ends = children.map((child) => once(child, 'exit'))
  await Promise.all(children.map(messageOf))
  for (const child of children) child.send('go')
  for (const end of ends) assert.deepEqual(await end, [0, null])
})

it('a process that closed its stores ends, and was told nothing of an experiment', HANG, async () => {
  using folder = ownFolder()
  const code = `
    const { sqliteFailures, sqliteLedger } = await import(${JSON.stringify(new URL('../../../src/stores.ts', import.meta.url).href)})
    const [store, ledger] = [sqliteFailures(process.argv[1]), sqliteLedger(process.argv[1])]
    await store.open(); await ledger.open(); await store.count({ kind: 'all' })
    await store.close(); await ledger.close()
    process.stdout.write('closed')`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code, folder.file], { stdio: 'pipe' })
  let [said, warned] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (warned += chunk.toString()))
  assert.deepEqual(await once(child, 'close'), [0, null])
  assert.deepEqual([said, warned], ['closed', ''])
})

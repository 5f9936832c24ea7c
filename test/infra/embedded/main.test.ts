import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseBrokerArguments } from '../../../infra/embedded/arguments.ts'
import { jsonLog, parseLogLine } from '../../../infra/embedded/log.ts'
import { RawStompClient } from '../../support/stomp-peer.ts'
import { HandClock } from '../../adapters/memory/hand-clock.ts'
import { isOpen, Pair } from './broker-process.ts'

const MAIN = fileURLToPath(new URL('../../../infra/embedded/main.ts', import.meta.url))
const NEEDED = ['--name', 'a', '--dir', 'd', '--port', '61613']

test('the command line has defaults for what is not needed', () => {
  assert.deepEqual(parseBrokerArguments(NEEDED, {}), {
    name: 'a',
    dir: 'd',
    host: '127.0.0.1',
    port: 61613,
    lockPollMs: 250,
    credentials: undefined,
  })
  const guarded = parseBrokerArguments([...NEEDED, '--login', 'u', '--passcode-env', 'P'], { P: 'secret' })
  assert.deepEqual(guarded.credentials, { login: 'u', passcode: 'secret' })
})

test('bad arguments are named', () => {
  for (const [args, message] of [
    [['--dir', 'd', '--port', '1'], /--name is missing/],
    [['--name', 'a', '--port', '1'], /--dir is missing/],
    [['--name', 'a', '--dir', 'd'], /--port is not a whole number from 0 to 65535/],
    [[...NEEDED, '--port', '65536'], /--port is not/],
    [[...NEEDED, '--lock-poll-ms', '5'], /--lock-poll-ms is not a whole number from 10 to 60000/],
    [[...NEEDED, '--login', 'u'], /--login needs --passcode-env/],
    [[...NEEDED, '--login', 'u', '--passcode-env', 'P'], /names P, which is not set/],
    [[...NEEDED, '--lokc'], /--lokc/],
  ] as const) {
    assert.throws(() => parseBrokerArguments(args, {}), message)
  }
})

test('the process says what is wrong with its arguments in two lines and exits 64', () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [MAIN, '--name', 'a'], { encoding: 'utf8' })
  assert.equal(status, 64)
  assert.match(stderr, /^--dir is missing\nusage: main --name NAME .*\n$/)
  assert.equal(stdout, '')
})

test('a folder, a lock, a store or a port that cannot be used is one error line and exit code 1', async () => {
  await using pair = new Pair()
  writeFileSync(join(pair.dir, 'file'), 'x')
  const noFolder = pair.start('a', ['--dir', join(pair.dir, 'file')])
  assert.equal(await noFolder.exit(), 1)
  assert.match((await noFolder.event('error')).message, /EEXIST|ENOTDIR/)

  await using other = new Pair()
  const port = await pair.start('b').port()
  const noPort = other.start('c', ['--port', String(port)])
  assert.equal(await noPort.exit(), 1)
  assert.match((await noPort.event('error')).message, /port 127\.0\.0\.1:\d+ cannot be opened: .*EADDRINUSE/)

  await using spoilt = new Pair()
  writeFileSync(join(spoilt.dir, 'lock.db'), 'something else altogether')
  const noLock = spoilt.start('d')
  assert.equal(await noLock.exit(), 1)
  assert.match((await noLock.event('error')).message, /lock\.db cannot be used: file is not a database/)
  spoilt.remove('lock.db')

  writeFileSync(join(spoilt.dir, 'messages.db'), 'something else altogether')
  const noStore = spoilt.start('e')
  assert.equal(await noStore.exit(), 1)
  assert.match((await noStore.event('error')).message, /messages\.db cannot be used: file is not a database/)
  for (const broker of [noFolder, noPort, noLock, noStore]) assert.equal(broker.stderr, '')
})

test('a message that cannot be read back is one error line and exit code 1, also where others have an expiry', async () => {
  await using pair = new Pair()
  const first = pair.start('a')
  const client = await RawStompClient.connect(await first.port())
  for (const expires of [Date.now() + 3_600_000, 0])
    await client.confirmed({
      command: 'SEND',
      headers: { destination: '/queue/a', persistent: 'true', expires: String(expires) },
      body: 'x',
    })
  assert.equal(await first.end('SIGTERM'), 0)
  const database = new DatabaseSync(join(pair.dir, 'messages.db'))
  database.exec(`UPDATE messages SET headers = '{' WHERE sequence = 2`)
  database.close()
  const second = pair.start('b')
  assert.equal(await second.exit(), 1)
  assert.match((await second.event('error')).message, /messages\.db cannot be used: /)
  assert.equal(second.stderr, '')
})

test('a broker outlives whoever read its log', async () => {
  await using pair = new Pair()
  const a = pair.start('a')
  const port = await a.port()
  a.dropOutput()
  // Each of these is a line of log that nobody takes.
  for (let turn = 0; turn < 3; turn += 1) {
    const client = await RawStompClient.open(port)
    client.write('nonsense\n\n\0')
    await client.next('ERROR')
    await client.closed
  }
  assert.equal(await isOpen(port), true)
  assert.equal(await a.end('SIGTERM'), 0)
})

test('a line of the log can be read back, and what is no such line is passed over', () => {
  const lines: string[] = []
  const log = jsonLog('a', new HandClock(), (line) => lines.push(line))
  log({ event: 'serving', port: 7, epoch: 1, messages: 0 })
  assert.deepEqual(parseLogLine(lines[0] ?? ''), {
    at: 1_000_000,
    name: 'a',
    event: 'serving',
    port: 7,
    epoch: 1,
    messages: 0,
  })
  assert.match(lines[0] ?? '', /^[^\n]*\n$/)
  for (const line of ['', '{"at":1', 'null', '7', '{"event":1}', 'Error: x'])
    assert.equal(parseLogLine(line), undefined)
})

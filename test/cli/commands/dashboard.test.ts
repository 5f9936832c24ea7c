import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { dashboardTokens, rereadTokens, TOKENS_VARIABLE } from '../../../src/cli/dashboard-tokens.ts'
import { Exit } from '../../../src/cli/exit-code.ts'
import { silentLogger } from '../../../src/logger.ts'
import { runCommand, startCommand } from '../../support/command.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const TOKEN = 'a-token-of-ada-0123456789'

describe('understudy dashboard', () => {
  it('serves until it is asked to end, with who the token file names', async (context) => {
    const folder = temporaryFolder('dashboard', context)
    const file = join(folder, 'tokens')
    writeFileSync(file, `# who may come in\n\nada admin ${TOKEN}\n`, { mode: 0o600 })
    const { child, saw, ended } = startCommand([
      'dashboard',
      'memory://ursula:broker-secret@here',
      '--port',
      '0',
      '--token-file',
      file,
      '--failures',
      join(folder, 'failures.db'),
      '--queue',
      'orders',
      '--json',
    ])
    let printed = ''
    child.stdout?.on('data', (text: string) => (printed += text))
    await saw('"url"')
    await saw('connected')
    const { url } = JSON.parse(printed) as { url: string }
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
    assert.equal((await fetch(url)).status, 401)
    const headers = { authorization: `Bearer ${TOKEN}` }
    const page = await fetch(new URL('/queues', url), { headers })
    assert.match(await page.text(), /orders/)
    const paused = await fetch(new URL('/queues/pause', url), {
      method: 'POST',
      redirect: 'manual',
      headers,
      body: new URLSearchParams({ queue: 'orders' }),
    })
    assert.equal(paused.status, 303)
    const audit = await (await fetch(new URL('/audit', url), { headers })).text()
    assert.match(audit, /ada/)
    // A stream that is open does not keep it.
    const events = await fetch(new URL('/events?page=overview', url), { headers })
    child.kill('SIGTERM')
    const { exitCode, stdout, stderr } = await ended
    await events.body?.cancel().catch(() => {})
    assert.equal(exitCode, 0, stderr)
    for (const text of [stdout, stderr]) assert(!text.includes(TOKEN) && !text.includes('broker-secret'), text)
  })

  it('refuses in one line to be open to others, and what it cannot read', async (context) => {
    const folder = temporaryFolder('dashboard', context)
    const bad = join(folder, 'bad')
    writeFileSync(bad, `ada root ${TOKEN}\n`)
    for (const [args, line] of [
      [['--host', '0.0.0.0'], /^understudy: --host 0\.0\.0\.0 is not of this machine alone: give --token-file too\n$/],
      [['--token-file', join(folder, 'none')], /^understudy: --token-file .*none: there is no such file/],
      [
        ['--token-file', bad],
        /^understudy: .*bad, line 1: write a name, a role \(viewer, operator or admin\) and a token\n$/,
      ],
      [['--drills', join(folder, 'none')], /^understudy: --drills: there is no folder/],
      [['--port', '70000'], /^understudy: option --port: "70000" will not do/],
    ] as const) {
      const { exitCode, stdout, stderr } = await runCommand(['dashboard', 'memory:nobody', '--port', '0', ...args])
      assert.deepEqual([exitCode, stdout], [64, ''], stderr)
      assert.match(stderr, line)
    }
  })
})

describe('where the dashboard is', () => {
  it('stands in a line that says so', async () => {
    const { child, saw, ended } = startCommand(['dashboard', 'memory:here', '--port', '0'])
    await saw('connected to')
    child.kill('SIGTERM')
    const { exitCode, stdout, stderr } = await ended
    assert.match(stdout, /^dashboard at http:\/\/127\.0\.0\.1:\d+\/\n$/)
    assert.deepEqual([exitCode, stderr.match(/connected to/g)?.length], [0, 1], 'the second link is no news')
  })
})

describe('understudy dashboard on a port that is taken', () => {
  it('says in one line that it is, and how to take another', async (context) => {
    const other = createServer().listen(0, '127.0.0.1')
    context.after(() => other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { exitCode, stdout, stderr } = await runCommand(['dashboard', 'memory:nobody', '--port', `${port}`])
    assert.deepEqual([exitCode, stdout], [64, ''])
    assert.equal(
      stderr,
      `understudy: cannot listen on 127.0.0.1:${port}: the port is taken: give another with --port\n`,
    )
  })
})

describe('tokens for the dashboard', () => {
  it('come from a file or from the environment, and say when others may read the file', (context) => {
    const file = join(temporaryFolder('tokens', context), 'tokens')
    writeFileSync(file, `ada admin ${TOKEN}\n  vera\tviewer  ${TOKEN}2  \n`)
    chmodSync(file, 0o644)
    const ada = { name: 'ada', role: 'admin', token: TOKEN }
    const vera = { name: 'vera', role: 'viewer', token: `${TOKEN}2` }
    const read = dashboardTokens(file, { [TOKENS_VARIABLE]: 'not even looked at' })
    assert.deepEqual(read.tokens, [ada, vera])
    assert.match(read.warning ?? '', /others on this machine may read .*chmod 600/)
    chmodSync(file, 0o600)
    assert.equal(dashboardTokens(file, {}).warning, undefined)
    const said = `ada admin ${TOKEN}, vera viewer ${TOKEN}2`
    assert.deepEqual(dashboardTokens(undefined, { [TOKENS_VARIABLE]: said }).tokens, [ada, vera])
    assert.equal(dashboardTokens(undefined, {}).tokens, undefined)
  })

  it('are refused with a line that quotes none of them', () => {
    for (const said of [`ada ${TOKEN}`, `ada admin ${TOKEN} more`, `ada Admin ${TOKEN}`, '# nobody'])
      assert.throws(
        () => dashboardTokens(undefined, { [TOKENS_VARIABLE]: said }),
        (error: unknown) => error instanceof Exit && error.exitCode === 64 && !error.message.includes(TOKEN),
      )
  })

  it('are read again when the file has changed, once a second at most, and hold while it cannot be read', async (context) => {
    const file = join(temporaryFolder('tokens', context), 'tokens')
    const write = (text: string): void => writeFileSync(file, text, { mode: 0o600 })
    const clock = new FakeClock()
    const errors: string[] = []
    const logger = { ...silentLogger, error: (fields: object) => void errors.push(JSON.stringify(fields)) }
    write(`ada admin ${TOKEN}\nvera viewer ${TOKEN}2\n`)
    const { tokens: first = [] } = dashboardTokens(file, {})
    const tokens = rereadTokens(file, first, { clock, logger })
    const names = (): readonly string[] => tokens().map(({ name, role }) => `${name} ${role}`)
    assert.equal(tokens(), first)
    write(`ada admin ${TOKEN}\n`)
    assert.deepEqual(names(), ['ada admin', 'vera viewer'], 'the second is not over')
    await clock.advance(1000)
    assert.deepEqual(names(), ['ada admin'])
    const now = tokens()
    write(`ada admin ${TOKEN}\n`)
    await clock.advance(1000)
    assert.equal(tokens(), now, 'it says the same')
    for (const wrong of [`ada ${TOKEN}`, '']) {
      write(wrong)
      await clock.advance(1000)
      assert.equal(tokens(), now)
    }
    rmSync(file)
    await clock.advance(1000)
    assert.equal(tokens(), now)
    assert.equal(errors.length, 3)
    assert.ok(!errors.join('').includes(TOKEN))
    write(`otto operator ${TOKEN}3\n`)
    await clock.advance(1000)
    assert.deepEqual(names(), ['otto operator'])
  })
})

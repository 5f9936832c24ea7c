import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import test from 'node:test'
import { promisify } from 'node:util'

const sourceOf = (path: string): string => new URL(`../../src/${path}`, import.meta.url).href

/** Runs a module in a process in which the optional packages are not installed. */
async function withoutThem(code: string): Promise<string> {
  const hooks = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve(specifier, context, next) {
        if (/^(prom-client|@opentelemetry\\/)/.test(specifier)) throw new Error('not installed: ' + specifier)
        return next(specifier, context)
      },
    })
    ${code}`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', hooks])
  return stdout.trim()
}

test('the library and a connection load neither prom-client nor OpenTelemetry', async () => {
  const said = await withoutThem(`
    const { connect } = await import(${JSON.stringify(sourceOf('index.ts'))})
    const uri = 'failover:(stomp://127.0.0.1:1)?startupMaxReconnectAttempts=0'
    await connect(uri).catch((error) => console.log(error.code))`)
  assert.equal(said, 'attempts-exhausted')
})

for (const [path, needs] of [
  ['telemetry/prometheus.ts', 'prom-client'],
  ['telemetry/opentelemetry.ts', '@opentelemetry/api'],
] as const) {
  test(`${path} says that ${needs} is missing, and needs nothing else`, async () => {
    const said = await withoutThem(
      `await import(${JSON.stringify(sourceOf(path))}).catch((error) => console.log(error.message))`,
    )
    assert.equal(said, `not installed: ${needs}`)
  })
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { memoryFailures } from '../../adapters/memory/failures.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { FailureStore } from '../../src/jobs/failures/store.ts'
import { teller } from '../../src/dashboard/tellable.ts'
import { failed, until } from '../jobs/failures/desk-stage.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { hiddenFields, readable, textWithin } from './page-text.ts'
import { stage } from './stage.ts'

const SECRET = 'hunter2-SELECT'
const PAGES = [
  '/',
  '/queues',
  '/working',
  '/workers',
  '/failures',
  '/failures/groups',
  '/failures/failure-1',
  '/requests?id=job-1',
  '/timeline',
  '/audit',
]

describe('a failure store of the application’s own that breaks', () => {
  it('has its error in the log, and on no page', async (t) => {
    const { get, ask, log } = await stage(t, { store: breaking(() => new Error(`no such role: ${SECRET}`)) })
    for (const path of PAGES) {
      const { text } = await get(path)
      assert.ok(!text.includes(SECRET), path)
    }
    for (const [page, said] of [
      ['overview', 'the failure store could not be read'],
      ['timeline-1h', 'the failure store could not be read'],
      ['failures', 'The failure store does not answer just now'],
    ] as const) {
      const { status, body } = await ask(`/events?page=${page}`)
      assert.equal(status, 200, page)
      assert.ok(!(await textWithin(body, said)).includes(SECRET), page)
    }
    assert.match(readable((await get('/')).text), /the failure store could not be read; the log of the dashboard says/)
    assert.match(readable((await get('/timeline')).text), /the failure store could not be read; the log/)
    assert.match(readable((await get('/requests?id=job-1')).text), /the failure store could not be read; the log/)
    assert.ok(log.some((line) => line.startsWith('error') && line.includes(SECRET)))
  })

  it('is told in its own words where they are of ours', async (t) => {
    const { get } = await stage(t, { store: breaking(() => new UnderstudyError('storage', 'the disk is full')) })
    assert.match(readable((await get('/')).text), /The failure store does not answer: the disk is full/)
    assert.match(readable((await get('/timeline')).text), /cannot be counted just now: the disk is full/)
  })

  it('has it in the log alone when it breaks while failures are sent back', async (t) => {
    const store = memoryFailures()
    const broken = new Proxy(store, {
      get: (target, name) => {
        if (name === 'claimed')
          return async () => {
            throw new Error(`no such role: ${SECRET}`)
          }
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const { app, get, post, log } = await stage(t, { store: broken })
    await app.failures.count()
    await store.keep([failed('job-1')])
    const asked = await post('/failures/confirm', { action: 'requeue', all: '1', q: '' })
    const { location } = await post('/failures/requeue', hiddenFields(asked.text))
    let text = ''
    await until('its end', async () => (text = (await get(location ?? '')).text).includes('Not all went'))
    assert.match(readable(text), /What went wrong: not all could be sent back; the log of the dashboard says why\./)
    assert.ok(!text.includes(SECRET) && !(await get('/audit')).text.includes(SECRET))
    assert.ok(log.some((line) => line.includes(SECRET)))
  })
})

describe('what is told of an error', () => {
  it('is logged once a minute, and at once when it is another one', async () => {
    const clock = new FakeClock()
    const logged: object[] = []
    const note = (): void => {}
    const tell = teller({ debug: note, info: note, warn: note, error: (fields) => void logged.push(fields) }, clock)
    for (let n = 0; n < 3; n++) tell('it could not be read', new Error('one'))
    assert.deepEqual(logged, [{ error: 'one' }])
    tell('it could not be read', new Error('two'))
    assert.equal(logged.length, 2)
    await clock.advance(60_000)
    tell('it could not be read', new Error('two'))
    assert.equal(logged.length, 3)
    assert.equal(tell('it could not be read', new UnderstudyError('storage', 'ours')), 'ours')
    assert.equal(logged.length, 3)
  })
})

/** A store that opens and then breaks, whatever it is asked. */
function breaking(error: () => Error): FailureStore {
  const store = memoryFailures()
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name === 'open' || name === 'close' || typeof name === 'symbol') return value.bind(target)
      return async () => {
        throw error()
      }
    },
  })
}

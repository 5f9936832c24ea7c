/**
 * An operator in a process of its own, who sends everything back. Says how it went as lines of JSON. `hang` never marks
 * what it has published, and waits to be killed.
 */
import { writeSync } from 'node:fs'
import { connect } from '../../../src/connect.ts'
import { createApp } from '../../../src/jobs/app.ts'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import { failuresAt } from '../stores-at.ts'

const KILLED_WITHIN_MS = 60_000

const [uri = '', location = '', mode = ''] = process.argv.slice(2)
// At once, also where nothing more happens in this process.
const say = (line: object): void => void writeSync(process.stdout.fd, `${JSON.stringify(line)}\n`)

await using connection = await connect(uri)
const kept = failuresAt(location)
await using app = createApp({ connection, failures: mode === 'hang' ? withoutMarks(kept) : kept })
const { claimed, sent } = await app.failures.requeue('', { actor: String(process.pid) })
say({ type: 'done', claimed, sent })

function withoutMarks(store: FailureStore): FailureStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'retried') return markNothing
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** The whole process stands still: otherwise the next page would go while this one is being marked. */
function markNothing(failures: readonly unknown[]): never {
  say({ type: 'published', count: failures.length })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, KILLED_WITHIN_MS)
  throw new Error('nobody killed it')
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { queueState, readyOf } from '../../src/dashboard/queues/queue-words.ts'
import type { WatchedQueue } from '../../src/dashboard/queues/queue-watch.ts'
import { html } from '../../src/page/html.ts'
import { readable } from './page-text.ts'

function told(change: Partial<WatchedQueue>): string {
  const unknown = {
    queue: 'images',
    state: undefined,
    error: undefined,
    isPaused: false,
    workers: { all: 0, paused: 0 },
  }
  const watched: WatchedQueue = { ...unknown, ...change }
  return readable(html`${queueState(watched)} ${readyOf(watched)}`.markup)
}

describe('a queue that the broker knows nothing of', () => {
  it('has nothing that waits where a worker takes from it, as an empty one is nothing over STOMP', () => {
    assert.match(told({ workers: { all: 1, paused: 0 } }), /^\s*Nothing waits 0\s*$/)
  })

  it('is not there, or empty, where nobody does', () => {
    assert.match(told({}), /^\s*Not there, or empty –/)
  })

  it('is not known where the broker could not be asked, whoever takes from it', () => {
    assert.match(told({ workers: { all: 1, paused: 0 }, error: 'refused' }), /^\s*Not known\s*refused –/)
  })
})

import assert from 'node:assert/strict'
import { renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { QueuedMessage } from '../../../adapters/memory/queue-engine/queue-engine.ts'
import { readHolder, removeHolder, writeHolder } from '../../../infra/embedded/holder.ts'
import { SharedLock } from '../../../infra/embedded/lock.ts'
import { MessageStore } from '../../../infra/embedded/store.ts'
import type { StoredFrame } from '../../../infra/embedded/stored-frame.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function opened(path: string): MessageStore {
  const store = MessageStore.open(path)
  assert.ok(store !== undefined)
  return store
}

function message(sequence: number, body: string | Buffer = '', headers = {}): QueuedMessage<StoredFrame> {
  const bytes = Buffer.from(body)
  const payload = { headers: { 'message-id': `ID:${sequence}`, ...headers }, body: bytes }
  return {
    sequence,
    payload,
    sizeBytes: bytes.length,
    persistent: true,
    expiresAtMs: undefined,
    redelivered: false,
  }
}

function load(store: MessageStore) {
  const messages: { queue: string; message: QueuedMessage<StoredFrame> }[] = []
  const { last } = store.load((queue, message) => messages.push({ queue, message }))
  return { last, messages }
}

test('what was committed is there again, in order, bytes and headers unchanged', (context) => {
  const path = join(temporaryFolder('store', context), 'messages.db')
  const first = opened(path)
  const odd = { 'a:b': 'c\nd\\e', ключ: '😀', constructor: 'x' }
  first.enqueued('b', message(2, 'two'))
  first.enqueued('a', message(1, Buffer.from([0, 255, 10, 0]), odd))
  first.enqueued('a', { ...message(3), expiresAtMs: 1_900_000_000_123 })
  first.commit()
  first.close()
  const second = opened(path)
  const { last, messages } = load(second)
  assert.deepEqual(
    messages.map(({ queue, message }) => [queue, message.sequence, message.expiresAtMs]),
    [
      ['a', 1, undefined],
      ['b', 2, undefined],
      ['a', 3, 1_900_000_000_123],
    ],
  )
  assert.deepEqual(messages[0]?.message.payload.body, Buffer.from([0, 255, 10, 0]))
  assert.deepEqual({ ...messages[0]?.message.payload.headers }, { 'message-id': 'ID:1', ...odd })
  assert.equal(last, 3)
  second.close()
})

test('what was not committed is not there, and what was removed stays away', (context) => {
  const path = join(temporaryFolder('store', context), 'messages.db')
  const first = opened(path)
  for (const sequence of [1, 2, 3]) first.enqueued('a', message(sequence))
  first.commit()
  first.removed('a', message(2))
  first.enqueued('a', message(4))
  first.removed('a', message(4))
  first.commit()
  first.removed('a', message(1))
  first.enqueued('a', message(5))
  first.close()
  const second = opened(path)
  assert.deepEqual(
    load(second).messages.map(({ message }) => message.sequence),
    [1, 3],
  )
  second.close()
})

test('what had been handed out comes back as redelivered, and what had not does not', (context) => {
  const path = join(temporaryFolder('store', context), 'messages.db')
  const first = opened(path)
  for (const sequence of [1, 2, 3]) first.enqueued('a', message(sequence))
  first.enqueued('b', message(4))
  first.dispatched('a', message(1))
  first.dispatched('a', message(2))
  first.commit()
  first.close()
  const second = opened(path)
  assert.deepEqual(
    load(second).messages.map(({ message }) => message.redelivered),
    [true, true, false, false],
  )
  second.close()
})

test('sequence numbers go on above every one that was handed out, even when no message is left', (context) => {
  const path = join(temporaryFolder('store', context), 'messages.db')
  const first = opened(path)
  first.enqueued('a', message(41))
  first.dispatched('a', message(41))
  first.commit()
  first.removed('a', message(41))
  first.commit()
  first.close()
  const second = opened(path)
  assert.equal(load(second).last, 41)
  second.close()
})

test('each opening is a new epoch of the same store', (context) => {
  const path = join(temporaryFolder('store', context), 'messages.db')
  const first = opened(path)
  first.close()
  const second = opened(path)
  assert.equal(second.id, first.id)
  assert.equal(second.epoch, first.epoch + 1)
  second.close()
})

test('a store that is open cannot be opened a second time', (context) => {
  const path = join(temporaryFolder('store', context), 'messages.db')
  const first = opened(path)
  assert.equal(MessageStore.open(path), undefined)
  first.close()
  opened(path).close()
})

test('a file that is no store is named in one clear error', (context) => {
  const path = join(temporaryFolder('store', context), 'messages.db')
  writeFileSync(path, 'something else altogether, and long enough to be looked at')
  assert.throws(() => MessageStore.open(path), /messages\.db cannot be used: file is not a database/)
})

test('the lock is for one at a time, and free once it is released', (context) => {
  const path = join(temporaryFolder('store', context), 'lock.db')
  const one = new SharedLock(path)
  const other = new SharedLock(path)
  assert.equal(one.tryAcquire(), true)
  assert.equal(other.tryAcquire(), false)
  one.assertHeld()
  assert.throws(() => other.assertHeld(), /the lock is lost/)
  one.release()
  one.release()
  assert.equal(other.tryAcquire(), true)
  other.release()
})

test('a holder whose lock file is deleted or replaced no longer holds it', (context) => {
  const path = join(temporaryFolder('store', context), 'lock.db')
  const lock = new SharedLock(path)
  lock.tryAcquire()
  unlinkSync(path)
  assert.throws(() => lock.assertHeld(), /is gone or was replaced/)
  lock.release()
  lock.tryAcquire()
  writeFileSync(`${path}.new`, '')
  renameSync(`${path}.new`, path)
  assert.throws(() => lock.assertHeld(), /is gone or was replaced/)
  lock.release()
})

test('a standby follows the lock file when it is replaced', (context) => {
  const path = join(temporaryFolder('store', context), 'lock.db')
  const holder = new SharedLock(path)
  const standby = new SharedLock(path)
  holder.tryAcquire()
  assert.equal(standby.tryAcquire(), false)
  unlinkSync(path)
  assert.equal(standby.tryAcquire(), true)
  standby.assertHeld()
  standby.release()
  holder.release()
})

test('a file that cannot be a lock is named in one clear error', (context) => {
  const path = join(temporaryFolder('store', context), 'lock.db')
  writeFileSync(path, 'something else altogether, and long enough to be looked at')
  assert.throws(() => new SharedLock(path).tryAcquire(), /lock\.db cannot be used: file is not a database/)
})

test('the note of the holder can be read until it is removed', (context) => {
  const dir = temporaryFolder('store', context)
  assert.equal(readHolder(dir), undefined)
  const holder = { name: 'a', pid: 7, port: 61613, at: 1_700_000_000_000 }
  writeHolder(dir, holder)
  assert.deepEqual(readHolder(dir), holder)
  removeHolder(dir)
  removeHolder(dir)
  assert.equal(readHolder(dir), undefined)
})

test('a delay is stored, and what is delayed was seen by nobody, whoever overtook it', (context) => {
  const path = join(temporaryFolder('store', context), 'messages.db')
  const first = opened(path)
  first.enqueued('a', { ...message(1), deliverAtMs: 1_900_000_000_123 })
  first.enqueued('a', message(2))
  first.dispatched('a', message(2))
  first.commit()
  first.close()
  const second = opened(path)
  assert.deepEqual(
    load(second).messages.map(({ message }) => [message.sequence, message.deliverAtMs, message.redelivered]),
    [
      [1, 1_900_000_000_123, false],
      [2, undefined, true],
    ],
  )
  second.close()
})

test('a store from before there were delays is taken over as it is', (context) => {
  const path = join(temporaryFolder('store', context), 'messages.db')
  const first = opened(path)
  first.enqueued('a', message(1, 'old'))
  first.commit()
  first.close()
  const database = new DatabaseSync(path)
  database.exec(`ALTER TABLE messages DROP COLUMN deliver; UPDATE meta SET value = 1 WHERE key = 'schema'`)
  database.close()
  for (const sequence of [2, 3]) {
    const store = opened(path)
    store.enqueued('a', { ...message(sequence), deliverAtMs: 5 })
    store.commit()
    store.close()
  }
  const last = opened(path)
  assert.deepEqual(
    load(last).messages.map(({ message }) => [message.sequence, message.payload.body.toString(), message.deliverAtMs]),
    [
      [1, 'old', undefined],
      [2, '', 5],
      [3, '', 5],
    ],
  )
  last.close()
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommitGroup } from '../../../infra/embedded/commit-group.ts'

function setUp() {
  const seen: string[] = []
  const state = { failing: false }
  const group = new CommitGroup(
    () => {
      if (state.failing) throw new Error('the disk is full')
      seen.push('commit')
    },
    (error) => seen.push(String(error)),
  )
  const member = (name: string) => ({ committed: () => void seen.push(name) })
  return { group, seen, state, member }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('what came in one turn is committed once, and only then is anybody told', async () => {
  const { group, seen, member } = setUp()
  const a = member('a')
  group.join(a)
  group.join(member('b'))
  group.join(a)
  group.schedule()
  assert.deepEqual(seen, [])
  await turn()
  assert.deepEqual(seen, ['commit', 'a', 'b'])
  await turn()
  assert.deepEqual(seen, ['commit', 'a', 'b'])
})

test('who joins while others are told waits for a commit of its own', async () => {
  const { group, seen, member } = setUp()
  group.join({ committed: () => group.join(member('late')) })
  group.commitNow()
  assert.deepEqual(seen, ['commit'])
  await turn()
  await turn()
  assert.deepEqual(seen.slice(0, 3), ['commit', 'commit', 'late'])
})

test('a commit that fails is told once, and nobody is told that it is safe, then or later', async () => {
  const { group, seen, state, member } = setUp()
  state.failing = true
  group.join(member('a'))
  await turn()
  state.failing = false
  group.join(member('b'))
  group.commitNow()
  await turn()
  assert.deepEqual(seen, ['Error: the disk is full'])
})

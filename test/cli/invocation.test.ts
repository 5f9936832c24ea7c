import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { invocation } from '../../src/cli/invocation.ts'

describe('what the program is called', () => {
  it('is what npx finds where npm started it, and its plain name elsewhere', () => {
    assert.equal(invocation({ npm_command: 'exec' }), 'npx understudy')
    assert.equal(invocation({ npm_command: 'run-script' }), 'npx understudy')
    assert.equal(invocation({}), 'understudy')
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clip, textWidth, wrap } from '../src/text-width.ts'

describe('the width of text in a terminal', () => {
  it('counts East Asian characters and emoji as two columns, combining marks as none', () => {
    assert.equal(textWidth('abc'), 3)
    assert.equal(textWidth('経路'), 4)
    assert.equal(textWidth('🐇'), 2)
    assert.deepEqual(['a é', '日本語', 'e\u0301', '👩‍🚀!', '한글', '❤️'].map(textWidth), [3, 6, 1, 3, 4, 2])
  })

  it('cuts with an ellipsis and never in the middle of a wide character', () => {
    assert.equal(clip('abcdef', 6), 'abcdef')
    assert.equal(clip('abcdef', 4), 'abc…')
    assert.equal(clip('経路経路', 4), '経…')
    assert.equal(clip('日本語です', 6), '日本…')
    assert.equal(clip('ab👩‍🚀cd', 4), 'ab…')
    assert.equal(clip('one two', 5), 'one…')
    assert.equal(clip('abc', 0), '')
  })

  it('wraps at words, and cuts a word that is longer than a line', () => {
    assert.deepEqual(wrap('one two three', 7), ['one two', 'three'])
    assert.deepEqual(wrap('abcdefgh', 3), ['abc', 'def', 'gh'])
    assert.deepEqual(wrap('👩‍🚀👩‍🚀', 2), ['👩‍🚀', '👩‍🚀'])
    assert.deepEqual(wrap('', 10), [''])
  })
})

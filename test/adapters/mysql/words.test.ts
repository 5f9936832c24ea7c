import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assert as always, property, string } from 'fast-check'
import { wordsColumn, wordsOf } from '../../../adapters/mysql/words.ts'

it('words are those of letters and digits, without case and accents', () => {
  assert.deepEqual(wordsOf('connect ECONNREFUSED 10.0.0.7:5672'), [
    'qqconnect',
    'qqeconnrefused',
    'qq10',
    'qq0',
    'qq0',
    'qq7',
    'qq5672',
  ])
  assert.deepEqual(wordsOf('Düsseldorf d\u00fcsseldorf du\u0308sseldorf'), Array(3).fill('qqdusseldorf'))
  assert.deepEqual(wordsOf('\u{1F600} +-*"()~<>@'), [])
  assert.deepEqual(wordsOf('日 Ж'), ['qqx65e5x', 'qqx436x'])
})

it('texts beside each other make no phrase', () => {
  assert.equal(wordsColumn(['a b', '', 'c']), ' qqa qqb .  . qqc ')
})

it('whatever the text, an index sees nothing but letters and digits of ASCII, of three or more', () => {
  always(
    property(string({ unit: 'binary' }), (text) => {
      for (const word of wordsOf(text)) assert.match(word, /^qq[a-z0-9]+$/)
    }),
  )
})

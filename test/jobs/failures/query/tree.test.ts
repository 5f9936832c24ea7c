import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseQuery } from '../../../../src/jobs/failures/query/parser.ts'
import type { FailureQuery } from '../../../../src/jobs/failures/query/query.ts'
import { checkQueryTree } from '../../../../src/jobs/failures/query/tree.ts'
import { deskStage, failed } from '../desk-stage.ts'

/** As it comes out of somebody's JSON. */
function built(tree: unknown): FailureQuery {
  return tree as FailureQuery
}

describe('a query that somebody built', () => {
  it('is what a parser makes, and lists of thousands', () => {
    const written = parseQuery(
      'error:"x" job:image.* age<2h -queue:low (class:TypeError OR code:E*) attempts>=3 requeues:0',
    )
    assert.equal(checkQueryTree(written), written)
    const ids = Array.from({ length: 5000 }, (_, index) => ({ kind: 'field', field: 'id', text: `${index}.0` }))
    checkQueryTree(built({ kind: 'or', of: ids }))
  })

  it('is refused where a store would make a statement of what it holds, or break over it', () => {
    const deep = Array.from({ length: 200 }).reduce<object>((of) => ({ kind: 'not', of }), { kind: 'all' })
    const wide = { kind: 'and', of: Array.from({ length: 20_000 }, () => ({ kind: 'all' })) }
    const none: readonly unknown[] = [
      null,
      'status:failed',
      {},
      { kind: 'constructor' },
      { kind: 'and' },
      { kind: 'not' },
      { kind: 'text', text: 1 },
      { kind: 'field', field: 'n', text: '1' },
      { kind: 'field', field: 'toString', text: '1' },
      { kind: 'field', field: 'status', text: 'faild' },
      { kind: 'field', field: 'requeues', text: 'many' },
      { kind: 'field', field: 'age', text: '2h' },
      { kind: 'compare', field: 'age', comparison: '< 0 OR 1 = 1 --', value: 1 },
      { kind: 'compare', field: 'job', comparison: '<', value: 1 },
      { kind: 'compare', field: 'age', comparison: '<', value: '1' },
      { kind: 'compare', field: 'age', comparison: '<', value: Number.NaN },
      { kind: 'or', of: [{ kind: 'all' }, { kind: 'none' }] },
      deep,
      wide,
    ]
    for (const tree of none) {
      const refused = { code: 'invalid-option', message: /^the query cannot be read: / }
      assert.throws(() => checkQueryTree(built(tree)), refused, JSON.stringify(tree)?.slice(0, 80))
    }
  })

  it('is looked at before anything is done with it', async () => {
    await using stage = await deskStage()
    await stage.store.keep([failed('a')])
    const query = built({ kind: 'compare', field: 'age', comparison: '> 0 OR 1 = 1 OR 0 <', value: 1 })
    const { desk } = stage
    const asks = [desk.search(query), desk.count(query), desk.groups(query), desk.remove(query), desk.discard(query)]
    for (const asked of [...asks, desk.requeue(query), desk.export(query).next()])
      await assert.rejects(asked, { code: 'invalid-option' })
    assert.equal(await desk.count('status:failed'), 1)
  })
})

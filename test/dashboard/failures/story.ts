import assert from 'node:assert/strict'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { until } from '../../jobs/failures/desk-stage.ts'
import { readable } from '../page-text.ts'
import { type Stage } from '../stage.ts'

/** A job whose text has `work` fails; it is found by its error, given `food`, sent back, and succeeds. */
export async function workAndFood(stage: Stage): Promise<void> {
  const { app, get, post, posted } = stage
  const done: string[] = []
  const nap = defineJob<{ text: string }, string>({
    name: 'nap',
    queue: 'naps',
    perform: ({ text }) => {
      if (text.includes('work')) throw new Error(`nightmares of ${text}`)
      done.push(text)
      return text
    },
  })
  await app.worker({ jobs: [nap] }).start()
  await app.enqueue(nap, { text: 'so much work' })
  await until('the failure', async () => (await app.failures.count()) === 1)

  const found = await get(`/failures?q=${encodeURIComponent('error:nightmares')}`)
  assert.match(readable(found.text), /1 failure matches.*Error: nightmares of so much work nap naps 1 Failed/)
  const address = /href="([^"]*)" data-open/.exec(found.text)?.[1] ?? ''
  const form = await get(`${address}/edit`)
  assert.match(readable(form.text), /"text": "so much work"/)

  const wrong = await post(`${address}/edit`, { form: 'text', args: '{"text":', queue: 'naps' })
  assert.equal(wrong.status, 400)
  assert.match(readable(wrong.text), /It was not sent: the arguments are no JSON/)
  assert.match(wrong.text, /\{&#34;text&#34;:<\/textarea>/)
  const same = await post(`${address}/edit`, {
    form: 'text',
    args: '{\r\n  "text": "so much work"\r\n}',
    queue: 'naps',
  })
  assert.match(readable(same.text), /nothing was changed/)

  const sent = await posted(`${address}/edit`, { form: 'text', args: '{"text":"so much food"}', queue: 'naps' })
  assert.match(readable(sent.text), /sent back.* by otto edited, as the new job /)
  await until('the success', () => done.length === 1)
  assert.deepEqual(done, ['so much food'])
  await until('the mark', async () => /Sent back, succeeded/.test((await get(address)).text))
  const again = await post(`${address}/edit`, { form: 'text', args: '{"text":"twice"}', queue: 'naps' })
  assert.equal(again.status, 400)
  assert.match(readable(again.text), /is retried, and only what is failed can be sent/)
  const [entry] = await app.failures.audits()
  assert.deepEqual([entry?.actor, entry?.action, entry?.count], ['otto', 'edit', 1])
}

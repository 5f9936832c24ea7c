// Broadcasts one task over a topic, and reads what the slaves reply on a queue.
import { connect } from 'understudy-mq'

const uri = process.argv[2] ?? process.env['UNDERSTUDY_URI'] ?? 'failover:(stomp://localhost:61613)'
const slaves = Number(process.argv[3] ?? 2)

const connection = await connect(uri)
const task = { foo: 'test', bar: { test: [1, 2, 3, 4] } }
const gathering = connection.scatter('topic://myapp.tasks', task, {
  replyTo: 'queue://myapp.reply',
  expect: slaves,
  timeoutMs: 30_000,
})
console.log('request_id', gathering.requestId)

for await (const reply of gathering) {
  const said = reply.error ? reply.error.message : JSON.stringify(reply.value())
  console.log(reply.from, reply.kind, said, reply.requestId === gathering.requestId ? 'matches' : 'does not match')
}

const { results, errors, missing } = await gathering.summary
console.log(`${results} done, ${errors} failed, ${missing} missing`)
await connection.close()
process.exitCode = missing === 0 && errors === 0 ? 0 : 1

// Asks for the square of a number again and again, and is its own responder. Kill the broker that serves
// while it runs: no question is left without its answer.
//
//   node examples/survive-a-failover.ts 'failover:(stomp://a:61613,stomp://b:61613)' 100
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'understudy-mq'

const uri = process.argv[2] ?? process.env['UNDERSTUDY_URI'] ?? 'memory:example'
const questions = Number(process.argv[3] ?? 100)

const connection = await connect(uri)
connection.observe((event) => {
  if (event.role === 'producer') console.log(event.type, 'endpoint' in event ? event.endpoint : '')
})
const responder = connection.respond('queue://myapp.squares', (request) => request.json<number>() ** 2)
await responder.ready

let right = 0
for (let n = 1; n <= questions; n++) {
  const reply = await connection.request('queue://myapp.squares', n, { timeoutMs: 120_000 })
  if (reply.json<number>() === n ** 2) right++
  if (n % 10 === 0) console.log('answered', n)
  await sleep(50)
}
console.log(`${right} of ${questions} answers are right`)

await connection.close()
process.exitCode = right === questions ? 0 : 1

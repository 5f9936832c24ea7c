// Takes tasks from a topic, tells how far it is, and replies where the task says.
import { connect } from 'understudy-mq'

const uri = process.argv[2] ?? process.env['UNDERSTUDY_URI'] ?? 'failover:(stomp://localhost:61613)'
const name = process.argv[3] ?? `slave-${process.pid}`

interface Task {
  readonly bar: { readonly test: readonly number[] }
}

const connection = await connect(uri)
const responder = connection.respond(
  'topic://myapp.tasks',
  async (request) => {
    const { test } = request.json<Task>().bar
    let sum = 0
    for (const [index, number] of test.entries()) {
      sum += number
      await request.progress({ percent: ((index + 1) * 100) / test.length })
    }
    console.log(name, 'did', request.id)
    return { sum }
  },
  { name },
)
await responder.ready
process.once('SIGTERM', () => void connection.close())
console.log(name, 'waits for tasks')

// One message there and back, over whichever broker the URI names:
//
//   node examples/send-and-listen.ts 'failover:(stomp://a:61613,stomp://b:61613)'
import { connect } from 'understudy-mq'

const uri = process.argv[2] ?? process.env['UNDERSTUDY_URI'] ?? 'memory:example'
const connection = await connect(uri)
console.log('connected to', connection.uri)

const { promise: handled, resolve: isHandled } = Promise.withResolvers<void>()
const listener = connection.listen('queue://myapp.orders', async (delivery) => {
  const order = delivery.json<{ id: number }>()
  await delivery.ack() // confirmed: the broker has forgotten it
  console.log('order', order.id, 'is done')
  isHandled()
})
await listener.ready

const id = await connection.send('queue://myapp.orders', { id: 1 }) // confirmed: a broker has it
console.log('sent', id)

await handled
await connection.close()
console.log('closed')

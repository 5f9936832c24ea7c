// Shows what is published, whoever takes it: patterns of topic exchanges, in which * is one word and # any number.
import { connect, type Delivery } from 'understudy-mq'
import { uri } from './tasks.ts'

const connection = await connect(uri)
const show = async (delivery: Delivery): Promise<void> => {
  console.log(delivery.destination, delivery.id)
  await delivery.ack()
}
const listeners = ['exchange://user.commands/user.#', 'exchange://payment.commands/*.invoice.*'].map((pattern) =>
  connection.listen(pattern, show, { prefetch: 100 }),
)
await Promise.all(listeners.map(({ ready }) => ready))
console.log('watching')
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void connection.close())

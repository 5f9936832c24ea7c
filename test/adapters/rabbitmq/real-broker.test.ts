import { after, before, describe } from 'node:test'
import type { Lab } from '../../../infra/labs/lab.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { newLabRoot } from '../../support/lab-root.ts'
import { onRealBroker } from './real-broker.ts'
import { onRealBrokerWithDelay } from './real-delay.ts'

// One cluster for both, which takes as long to start as all tests of one of them.
describe('on a real RabbitMQ', { skip: brokerSkip('rabbitmq-classic') }, () => {
  let lab: Lab

  before(async () => {
    lab = await createLabs({ root: newLabRoot('adapter') }).up('rabbitmq-classic')
  })
  after(async () => {
    await lab.down()
  })

  describe('a message with a delay', () => onRealBrokerWithDelay(() => lab))
  describe('the adapter', () => onRealBroker(() => lab))
})

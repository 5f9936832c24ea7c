import { rabbitmqSuite } from './rabbitmq-broker.ts'

rabbitmqSuite('rabbitmq-classic')

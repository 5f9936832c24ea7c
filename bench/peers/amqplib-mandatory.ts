// amqplib asked for what our client always asks for: a message that no queue took comes back, and each has an id.
import { randomUUID } from 'node:crypto'
import { openWith } from './amqplib.ts'
import type { OpenClient } from './client.ts'

export const open: OpenClient = openWith(() => ({ mandatory: true, messageId: randomUUID() }))

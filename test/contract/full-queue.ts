import { connect, SendError } from '../../src/index.ts'

const QUEUE = 'queue://contract.full'
// A queue that is replicated learns a little late that it is full.
const MOST_SENDS = 1000

/** A queue that has no room, and refuses what is sent to it. */
export async function fullQueue(uri: string): Promise<string> {
  const connection = await connect(uri)
  try {
    await connection.declare(QUEUE, { maxLength: 1 })
    for (let sends = 0; sends < MOST_SENDS; sends++) await connection.send(QUEUE, 'x')
  } catch (error) {
    // It is asked about again until the threshold, which may come while the last of these is on its way.
    const refusal = error instanceof SendError && error.outcome === 'unknown' ? error.cause : error
    if (refusal instanceof SendError && refusal.outcome === 'rejected') return QUEUE
    throw error
  } finally {
    await connection.close()
  }
  throw new Error(`${QUEUE} is never full`)
}

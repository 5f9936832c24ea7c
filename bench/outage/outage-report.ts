import { type Claim, mebibytes } from '../claim.ts'
import { trendOf } from '../soak/flatness.ts'
import type { MemorySample } from '../memory-sample.ts'
import type { OutageRun } from './outage.ts'

/** What the memory may rise by over the outage and still be called flat. */
const ALLOWED_BYTES = 4 * 1024 * 1024

export function outageClaims(run: OutageRun): Claim[] {
  const { bound, down, counts, drained, whenFull, told } = run
  const most = Math.max(...down.map(({ pending }) => pending))
  const memory = trendOf(down.map((sample) => ({ x: sample.atMs / 1000, y: held(sample) })))
  const failures = Object.entries(counts.failures).map(([reason, count]) => `${count} ${reason}`)
  const expected = whenFull === 'reject' ? (counts.failures['pending-full, not-sent'] ?? 0) : 0
  return [
    {
      text: 'no more sends are unconfirmed than configured, and the buffer was full',
      holds: most <= bound && most === bound,
      found: `at most ${most} of ${bound}`,
    },
    {
      text: `memory is flat while the brokers are down: it rises by less than ${mebibytes(ALLOWED_BYTES)}`,
      holds: memory === undefined ? undefined : memory.growth < ALLOWED_BYTES,
      found:
        memory === undefined ? 'too few samples' : `${mebibytes(memory.growth)}, ${memory.slope.toFixed(0)} bytes/s`,
    },
    whenFull === 'wait'
      ? { text: 'a send that finds no room waits', holds: told === 0, found: `${told} were told` }
      : { text: 'a send that finds no room is told so', holds: told > 0, found: `${told} times` },
    {
      text: 'everything that was taken is confirmed afterwards',
      holds: counts.failed === expected && counts.confirmed + counts.failed === counts.attempted,
      found: `${counts.confirmed} of ${counts.attempted}${failures.length > 0 ? `; ${failures.join('; ')}` : ''}`,
    },
    {
      text: 'everything that was confirmed is consumed',
      holds: drained ? counts.undelivered === 0 && counts.unexpected === 0 : undefined,
      found: drained ? `${counts.undelivered} lost` : `the drain did not end, ${counts.undelivered} are missing`,
    },
  ]
}

/** The figures, for a person. */
export function outageText(run: OutageRun): string {
  const { whenFull, idle, flowing, down, afterwards, senders, bound, counts } = run
  const first = down[0]
  const last = down.at(-1)
  const most = Math.max(...down.map(held))
  const perSend = (most - held(idle)) / senders
  const { duplicates: copies } = counts
  return [
    `whenFull=${whenFull}: ${senders} senders, room for ${bound}; first confirm ${run.backMs.toFixed(0)} ms after the brokers were started`,
    `  memory (heap and buffers after a collection, RSS)`,
    `    idle       ${memoryText(idle)}`,
    `    flowing    ${memoryText(flowing)}`,
    ...(first === undefined ? [] : [`    down first ${memoryText(first)}`]),
    ...(last === undefined ? [] : [`    down last  ${memoryText(last)}`]),
    `    afterwards ${memoryText(afterwards)}`,
    `    at most ${perSend.toFixed(0)} bytes a sender above idle; kept by the bench itself: ${mebibytes(run.ledgerBytes)} of the buffers`,
    `  ${counts.attempted} attempted, ${counts.confirmed} confirmed, ${counts.failed} failed, ${counts.deliveries} deliveries`,
    `  came again: ${copies.afterAck} after its acknowledge, ${copies.resend} resent, ${copies.redelivery} redelivered, ${copies.broker} unmarked`,
  ].join('\n')
}

function held({ heapBytes, arrayBufferBytes }: MemorySample): number {
  return heapBytes + arrayBufferBytes
}

function memoryText(sample: MemorySample): string {
  return `${mebibytes(held(sample))}, RSS ${mebibytes(sample.rssBytes)}`
}

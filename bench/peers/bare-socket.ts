// The least that a reconnect can cost: one socket that dials the standby every 2 ms and writes STOMP by
// hand, without a parser, a failover list, a buffer or a deadline. Nothing to build on; a yardstick.
import { connect, type Socket } from 'node:net'
import { type PeerSettings, readSettings, tell, wallTime } from './peer.ts'

const RETRY_MS = 2

function run(settings: PeerSettings, stop: AbortSignal): void {
  const { brokers, username, password, queue, periodMs, bodyBytes } = settings
  const login = `login:${username}\npasscode:${password}\n`
  const body = 'x'.repeat(bodyBytes)
  let socket: Socket | undefined
  let timer: NodeJS.Timeout | undefined
  let broker = 0
  let link = 0
  let dials = 0
  let job = 0

  const dial = (): void => {
    const target = brokers[broker]
    if (stop.aborted || target === undefined) return
    let received = ''
    let established = false
    dials++
    const one = connect({ ...target, noDelay: true })
    socket = one
    one.once('connect', () => {
      link++
      tell({ event: 'open', at: wallTime(), link, dials })
      one.write(`CONNECT\naccept-version:1.2\nhost:${target.host}\nheart-beat:0,0\n${login}\n\0`)
    })
    one.on('data', (chunk) => {
      const at = wallTime()
      received += chunk.toString('latin1')
      for (let end = received.indexOf('\0'); end !== -1; end = received.indexOf('\0')) {
        const frame = received.slice(0, end).trimStart()
        received = received.slice(end + 1)
        if (frame.startsWith('CONNECTED')) {
          established = true
          tell({ event: 'connected', at, link })
          send(one)
        } else if (frame.startsWith('RECEIPT') && frame.includes(`\nreceipt-id:${job}\n`)) {
          tell({ event: 'confirm', at, link })
          job++
          timer = setTimeout(() => send(one), Math.max(0, periodMs - (wallTime() - sentAt)))
        } else {
          one.destroy(new Error(frame))
        }
      }
    })
    // The reason does not matter: another dial follows in any case.
    one.on('error', () => {})
    one.once('close', () => {
      clearTimeout(timer)
      if (established) {
        tell({ event: 'lost', at: wallTime(), link })
        dials = 0
        broker = (broker + 1) % brokers.length
        dial()
      } else {
        // Before the first connection nobody has told which of them serves.
        if (link === 0) broker = (broker + 1) % brokers.length
        timer = setTimeout(dial, RETRY_MS)
      }
    })
  }
  let sentAt = 0
  const send = (one: Socket): void => {
    sentAt = wallTime()
    const headers = `destination:/queue/${queue}\npersistent:true\ncontent-length:${body.length}\nreceipt:${job}\n`
    one.write(`SEND\n${headers}\n${body}\0`)
  }
  stop.addEventListener('abort', () => {
    clearTimeout(timer)
    socket?.destroy()
  })
  dial()
}

const { settings, stop } = await readSettings()
run(settings, stop)

// Our own client as an application uses it: `connect` with a plain failover URI, one send after the other.
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { systemClock, sleep } from '../../src/clock.ts'
import { connect } from '../../src/connect.ts'
import { readSettings, tell, wallTime } from './peer.ts'

const { settings, stop } = await readSettings()
const { brokers, username, password, queue, periodMs, bodyBytes, options } = settings
const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`
const list = brokers.map(({ host, port }) => `stomp://${login}@${host}:${port}`).join(',')

let link = 1
let dials = 0
// Node reports every socket as it is made: seen from outside, nothing in the client is touched.
subscribe('net.client.socket', (message) => {
  dials++
  const { socket } = message as { socket: Socket }
  const mine = dials
  socket.once('connect', () => tell({ event: 'open', at: wallTime(), link, dials: mine }))
})

const connection = await connect(`failover:(${list})?${options}`)
connection.observe((event) => {
  if (event.type === 'interrupted') {
    tell({ event: 'lost', at: wallTime(), link })
    link++
    dials = 0
  } else if (event.type === 'resumed') tell({ event: 'connected', at: wallTime(), link })
})
tell({ event: 'connected', at: wallTime(), link })

const body = 'x'.repeat(bodyBytes)
while (!stop.aborted) {
  const startedAt = systemClock.now()
  await connection.send(`queue://${queue}`, body)
  tell({ event: 'confirm', at: wallTime(), link })
  await sleep(systemClock, Math.max(0, periodMs - (systemClock.now() - startedAt)), stop).catch(() => {})
}
await connection.close()

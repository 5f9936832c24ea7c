import { connect } from 'node:net'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/**
 * Dials the broker, at 127.0.0.1 unless told otherwise, and greets it as a STOMP client does. True when it
 * answered CONNECTED: it serves. Anything else, a second of silence included, is false.
 */
export function answersStomp(port: number, credentials?: Credentials, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect({ port, host })
    const finish = (serving: boolean): void => {
      socket.destroy()
      resolve(serving)
    }
    socket.setTimeout(1000, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => resolve(false))
    socket.once('connect', () => socket.write(connectFrame(credentials)))
    socket.on('data', (chunk) => {
      received = (received + chunk.toString('latin1')).trimStart()
      if (received.includes('\n')) finish(received.startsWith('CONNECTED'))
    })
  })
}

function connectFrame(credentials: Credentials | undefined): string {
  const login = credentials === undefined ? '' : `login:${credentials.username}\npasscode:${credentials.password}\n`
  return `CONNECT\naccept-version:1.2\nhost:127.0.0.1\n${login}\n\0`
}

import type { JobEvent } from '../../../jobs/job-events.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { jobEventJson, jobEventLine } from './event-line.ts'
import { LineBuffer } from '../../terminal/line-buffer.ts'

/** What a worker says on its way: lines for a person, or one line of JSON for each event. */
export class WorkerLines {
  readonly #terminal: Pick<Terminal, 'out' | 'err'>
  readonly #json: boolean
  readonly #quiet: boolean
  readonly #lines: LineBuffer

  constructor(terminal: Pick<Terminal, 'out' | 'err'>, { json, quiet }: { json: boolean; quiet: boolean }) {
    this.#terminal = terminal
    this.#json = json
    this.#quiet = quiet
    this.#lines = new LineBuffer(terminal.out)
  }

  /** Something about the worker itself. */
  say(event: string, text: string, fields: object = {}): void {
    if (this.#json) this.#lines.add(JSON.stringify({ event, at: Date.now(), ...fields }))
    else this.#terminal.err(`${text}\n`)
  }

  /** Something about a job. */
  readonly tell = (event: JobEvent): void => {
    if (this.#quiet) return
    const line = this.#json ? jobEventJson(event, Date.now()) : jobEventLine(event)
    if (line !== undefined) this.#lines.add(line)
  }

  flush(): void {
    this.#lines.flush()
  }
}

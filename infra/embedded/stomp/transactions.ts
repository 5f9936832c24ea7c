import { UnderstudyError } from '../../../src/errors.ts'
import type { Frame } from './frames.ts'

const MAX_OPEN = 100
const MAX_FRAMES = 10_000
const MAX_BYTES = 64 * 2 ** 20

/** The open transactions of one connection: the frames that wait for their COMMIT. Bounded taken together. */
export class Transactions {
  readonly #open = new Map<string, Frame[]>()
  #frames = 0
  #bytes = 0

  /** @throws UnderstudyError `protocol` when it is open already or there are too many. */
  begin(id: string): void {
    if (this.#open.has(id)) throw new UnderstudyError('protocol', `transaction ${JSON.stringify(id)} is open already`)
    if (this.#open.size >= MAX_OPEN)
      throw new UnderstudyError('protocol', `more than ${MAX_OPEN} transactions are open`)
    this.#open.set(id, [])
  }

  /** @throws UnderstudyError `protocol` when it is not open, or too much waits. */
  add(id: string, frame: Frame): void {
    const frames = this.#open.get(id)
    if (frames === undefined) throw notOpen(id)
    // What is refused is not held, and takes no room from what comes after it.
    if (this.#frames + 1 > MAX_FRAMES || this.#bytes + frame.body.length > MAX_BYTES) {
      throw new UnderstudyError(
        'protocol',
        `open transactions hold more than ${MAX_FRAMES} frames or ${MAX_BYTES} bytes`,
      )
    }
    this.#frames += 1
    this.#bytes += frame.body.length
    frames.push(frame)
  }

  /**
   * Ends the transaction and gives its frames in the order they came.
   *
   * @throws UnderstudyError `protocol` when it is not open.
   */
  end(id: string): readonly Frame[] {
    const frames = this.#open.get(id)
    if (frames === undefined) throw notOpen(id)
    this.#open.delete(id)
    this.#frames -= frames.length
    for (const frame of frames) this.#bytes -= frame.body.length
    return frames
  }
}

function notOpen(id: string): UnderstudyError {
  return new UnderstudyError('protocol', `transaction ${JSON.stringify(id)} is not open`)
}

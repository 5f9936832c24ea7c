/** Whose a sample is. */
export interface JobLabel {
  readonly queue: string
  readonly job: string
}

/** All for which there is no place any more. */
export const OTHER = '(other)'
/** The job of a message that no worker knows what to do with. */
export const UNKNOWN = '(unknown)'

const LONGEST_NAME = 100

/**
 * Keeps the labels of jobs few. Names come in messages, and whoever may send messages may invent names without end:
 * the first so many pairs of queue and job have a label of their own, all others share one.
 */
export class JobLabels {
  readonly #most: number
  readonly #known = new Map<string, JobLabel>()
  readonly #isNew: (label: JobLabel) => void

  /** `isNew` is told of every label before it is used for the first time. */
  constructor(most: number, isNew: (label: JobLabel) => void) {
    this.#most = most
    this.#isNew = isNew
  }

  of(queue: string, job: string): JobLabel {
    const key = `${queue}\n${job}`
    return this.#known.get(key) ?? this.#first(key, queue, job)
  }

  #first(key: string, queue: string, job: string): JobLabel {
    const isFull = this.#known.size >= this.#most
    // The key of the last place is one that no names give.
    if (isFull) return this.#known.get('') ?? this.#add('', { queue: OTHER, job: OTHER })
    return this.#add(key, { queue: labelText(queue), job: labelText(job) })
  }

  #add(key: string, label: JobLabel): JobLabel {
    this.#known.set(key, label)
    this.#isNew(label)
    return label
  }
}

/** A name of somebody's making as a label can hold it: short, on one line, and UTF-8. */
export function labelText(name: string): string {
  // oxlint-disable-next-line no-control-regex
  return name
    .slice(0, LONGEST_NAME)
    .toWellFormed()
    .replaceAll(/[\u0000-\u001f\u007f]/g, '\ufffd')
}

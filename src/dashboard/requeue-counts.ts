import type { JobObserver } from '../jobs/job-events.ts'
import { type JobLabel, JobLabels } from '../telemetry/job-labels.ts'

const MOST_LABELS = 200

/** Counts failed jobs that are sent back, before anybody asks for metrics. */
export class RequeueCounts {
  readonly #counts = new Map<JobLabel, number>()
  readonly #labels = new JobLabels(MOST_LABELS, (label) => void this.#counts.set(label, 0))

  /** For `app.observe`. */
  readonly observer: JobObserver = ({ type, queue, job }) => {
    if (type !== 'requeued') return
    const label = this.#labels.of(queue, job)
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1)
  }

  get counts(): readonly (JobLabel & { readonly count: number })[] {
    return Array.from(this.#counts, ([label, count]) => ({ ...label, count }))
  }
}

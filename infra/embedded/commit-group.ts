/** A member of the group: has something to send that depends on the commit. */
export interface CommitMember {
  /** The commit succeeded: what waits may leave. Must not throw. */
  committed(): void
}

/**
 * Group commit. Everything that arrives in one turn of the event loop is made durable in one transaction, and
 * only then does anything leave the process that it led to: receipts, and also deliveries.
 */
export class CommitGroup {
  readonly #commit: () => void
  readonly #failed: (error: unknown) => void
  #waiting = new Set<CommitMember>()
  #scheduled: NodeJS.Immediate | undefined
  #broken = false

  /** `commit` makes everything durable or throws; `failed` is told, once, and nothing is sent after it. */
  constructor(commit: () => void, failed: (error: unknown) => void) {
    this.#commit = commit
    this.#failed = failed
  }

  /** Has the member told after the next commit. */
  join(member: CommitMember): void {
    this.#waiting.add(member)
    this.schedule()
  }

  /** Has a commit made at the end of this turn, for changes that nobody waits for. */
  schedule(): void {
    if (this.#broken) return
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.commitNow()
    })
  }

  /** Commits without waiting for the end of the turn. */
  commitNow(): void {
    if (this.#broken) return
    try {
      this.#commit()
    } catch (error) {
      this.close()
      this.#failed(error)
      return
    }
    const members = this.#waiting
    this.#waiting = new Set()
    for (const member of members) member.committed()
  }

  /** Commits no more. */
  close(): void {
    this.#broken = true
    this.#waiting.clear()
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#scheduled = undefined
  }
}

import type { AttemptOutcome, HistoryEvent } from '../../../src/drill/history.ts'
import type { JobCounts } from '../../../src/drill/result.ts'

// The formulas of `docs/drills.md` as plain computations over sets of events: nothing is indexed, sorted ahead or
// shared with the checker, and most of it is quadratic.

type Of<Type extends HistoryEvent['type']> = Extract<HistoryEvent, { type: Type }>

interface Try {
  readonly id: string
  readonly k: number
  readonly from: number
  /** When the result that counts came; infinite when none did. */
  readonly to: number
  readonly endpoint: string | null
  readonly outcome: AttemptOutcome
}

export interface NaiveJudgement {
  readonly jobs: JobCounts
  readonly producerMs: { readonly lower: number; readonly upper: number } | null
  readonly withoutConfirmMs: { readonly lower: number; readonly upper: number | null } | null
  readonly consumerMs: number | null
  readonly detectionMs: number | null
  readonly retryThresholdMs: number | null
  readonly recoveryPointMs: number | null
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number } | null
}

const CERTAINTY: readonly AttemptOutcome[] = ['returned', 'ack', 'nack', 'ambiguous', 'refused']

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity)
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity)
const count = <T>(values: Iterable<T>, holds: (value: T) => boolean): number => [...values].filter(holds).length
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

export function judgeNaively(events: readonly HistoryEvent[]): NaiveJudgement {
  const all = <Type extends HistoryEvent['type']>(type: Type): Of<Type>[] =>
    events.filter((event): event is Of<Type> => event.type === type)
  const [run] = all('run')
  if (!run) throw new Error('no run line')

  const results = all('res')
  const tries: Try[] = [...new Set([...all('att'), ...results].map(({ id, k }) => JSON.stringify([id, k])))].map(
    (name) => {
      const [id, k] = JSON.parse(name) as [string, number]
      const mine = results.filter((one) => one.id === id && one.k === k)
      const began = all('att').filter((one) => one.id === id && one.k === k)
      const from = least([...began, ...mine].map(({ t }) => t))
      const outcome = CERTAINTY.find((word) => mine.some((one) => one.outcome === word)) ?? 'ambiguous'
      const to = least(mine.filter((one) => one.outcome === outcome).map(({ t }) => t))
      return { id, k, from, to, endpoint: began.find(({ t }) => t === from)?.endpoint ?? null, outcome }
    },
  )
  const triesOf = (id: string): Try[] => tries.filter((one) => one.id === id)
  const deliveriesOf = (id: string): Of<'dlv'>[] =>
    all('dlv')
      .filter((one) => one.id === id && one.runId === run.runId)
      .toSorted((one, other) => one.t - other.t)
  const n = (id: string): number => deliveriesOf(id).length
  const firstDelivery = (id: string): number => least(deliveriesOf(id).map(({ t }) => t))
  const confirmed = (id: string): number =>
    least(
      triesOf(id)
        .filter(({ outcome }) => outcome === 'ack')
        .map(({ to }) => to),
    )

  const attempted = new Set(tries.map(({ id }) => id))
  const ids = new Set([
    ...attempted,
    ...all('giveup').map(({ id }) => id),
    ...all('dlv').flatMap(({ id, runId }) => (runId === run.runId ? [id] : [])),
  ])
  const pick = (from: Iterable<string>, holds: (id: string) => boolean): Set<string> => new Set([...from].filter(holds))
  const acknowledged = pick(ids, (id) => triesOf(id).some(({ outcome }) => outcome === 'ack'))
  const failed = pick(ids, (id) => all('giveup').some((one) => one.id === id) && !acknowledged.has(id))
  const definitelyFailed = pick(failed, (id) =>
    triesOf(id).every(({ outcome }) => outcome === 'nack' || outcome === 'returned' || outcome === 'refused'),
  )
  const indeterminate = pick(
    ids,
    (id) => !acknowledged.has(id) && triesOf(id).some(({ outcome }) => outcome === 'ambiguous'),
  )
  const drains = all('drain')
  const drained = drains.find(({ t }) => t === most(drains.map((one) => one.t)))?.ok ?? false
  const undelivered = pick(acknowledged, (id) => n(id) === 0)
  const strangers = new Set(
    all('dlv').flatMap(({ id, runId }) => (runId === run.runId ? [] : [JSON.stringify([runId, id])])),
  )
  const duplicated = { redelivery: 0, resend: 0, broker: 0, postAck: 0 }
  for (const id of ids) for (const kind of naiveDuplicates(deliveriesOf(id), all('cackok'), id)) duplicated[kind]++

  const jobs: JobCounts = {
    attempted: attempted.size,
    acknowledged: acknowledged.size,
    failed: failed.size,
    definitelyFailed: definitelyFailed.size,
    indeterminate: indeterminate.size,
    lost: drained ? undelivered.size : null,
    recovered: count(indeterminate, (id) => n(id) > 0),
    resurrected: count(definitelyFailed, (id) => n(id) > 0),
    unexpected: strangers.size + count(ids, (id) => n(id) > 0 && !attempted.has(id)),
    reordered: count(acknowledged, (i) =>
      [...attempted].some(
        (j) =>
          confirmed(i) < least(triesOf(j).map(({ from }) => from)) && firstDelivery(j) < firstDelivery(i) && n(i) > 0,
      ),
    ),
    duplicated,
  }

  const latencies = [...acknowledged]
    .flatMap((id) => {
      const due = all('due').filter((one) => one.id === id)
      const first = due.find(({ t }) => t === least(due.map((one) => one.t)))
      return first ? [confirmed(id) - first.dueNs] : []
    })
    .toSorted((one, other) => one - other)
  // The smallest that so many do not exceed.
  const percentile = (share: number): number => {
    const value = latencies.find((one) => count(latencies, (other) => other <= one) >= share * latencies.length) ?? 0
    return Math.round(value / 1000) / 1000
  }
  const latencyMs = latencies.length === 0 ? null : { p50: percentile(0.5), p99: percentile(0.99), max: percentile(1) }

  const untimed = {
    producerMs: null,
    withoutConfirmMs: null,
    consumerMs: null,
    detectionMs: null,
    retryThresholdMs: null,
    recoveryPointMs: null,
  }
  const faults = all('fault')
  const fault = faults.find(({ t }) => t === least(faults.map((one) => one.t)))
  const proofs = all('proof').filter(({ node }) => node === fault?.node)
  const proof = proofs.find(({ t }) => t === least(proofs.map((one) => one.t)))
  if (!fault || !proof) return { jobs, latencyMs, ...untimed }

  const noticed = least([
    ...tries.filter(({ outcome, to }) => outcome !== 'ack' && to >= fault.t && to < Infinity).map(({ to }) => to),
    ...all('conn')
      .filter(({ state, t }) => (state === 'interrupted' || state === 'failed') && t >= fault.t)
      .map(({ t }) => t),
  ])
  const zero = Math.max(fault.t, Math.min(proof.effectiveNs, noticed))
  const good = tries.filter(({ outcome, endpoint }) => outcome === 'ack' && endpoint !== null)
  const bad = tries.filter((one) => !good.includes(one) && (one.endpoint === null ? one.from : one.to) >= fault.t)
  const f1 = least(bad.map(({ from }) => from))
  const fm = most(bad.map(({ from }) => from))
  const before = most(good.filter(({ from }) => from < f1).map(({ from }) => from))
  const backAfter = (at: number): number =>
    least(good.filter(({ from }) => from > at && from >= zero).map(({ from }) => from))
  const producerMs =
    bad.length === 0 || backAfter(fm) === Infinity
      ? null
      : {
          lower: Math.floor(Math.max(0, fm - Math.max(f1, zero)) / 1e6),
          upper: Math.ceil((backAfter(fm) - (before === -Infinity ? zero : before)) / 1e6),
        }

  const ownDeliveries = all('dlv').filter(({ runId }) => runId === run.runId)
  const consumer =
    least(
      [...acknowledged]
        .filter((id) => triesOf(id).some((one) => one.to === confirmed(id) && one.from >= zero))
        .map(firstDelivery)
        .filter((t) => t > zero),
    ) - most(ownDeliveries.filter(({ t }) => t <= zero).map(({ t }) => t))

  const dueOf = (id: string): number => {
    const due = all('due').filter((one) => one.id === id)
    return due.find(({ t }) => t === least(due.map((one) => one.t)))?.dueNs ?? NaN
  }
  const steady = [...acknowledged].filter((id) => confirmed(id) < fault.t).map((id) => confirmed(id) - dueOf(id))
  const withoutConfirmMs = naiveSilence(
    zero,
    [...acknowledged].map(confirmed).filter((t) => t > zero),
    [...new Set(all('due').map(({ id }) => id))].map(dueOf).filter((due) => due >= zero),
    most([0, ...steady.filter((latency) => !Number.isNaN(latency))]),
  )

  const oldest = least([...undelivered].map(confirmed))
  return {
    jobs,
    latencyMs,
    producerMs,
    withoutConfirmMs,
    consumerMs: Number.isFinite(consumer) ? Math.round(consumer / 1e6) : null,
    detectionMs: finite(Math.round((noticed - zero) / 1e6)),
    retryThresholdMs: naiveThreshold(
      bad.map(({ from }) => ({ from, to: backAfter(from) })),
      [...attempted].map((id) => firstOf(triesOf(id))),
    ),
    recoveryPointMs: drained && undelivered.size > 0 ? Math.round(Math.max(0, zero - oldest) / 1e6) : null,
  }
}

/** Of all stretches from the fault or a confirm to the next confirm, the longest by either bound. */
function naiveSilence(
  zero: number,
  confirms: readonly number[],
  dues: readonly number[],
  steady: number,
): NaiveJudgement['withoutConfirmMs'] {
  if (dues.length === 0) return null
  const stretches = confirms.map((until) => ({
    from: most([zero, ...confirms.filter((one) => one < until)]),
    until,
  }))
  const upper = most(stretches.map(({ from, until }) => until - from))
  const lower = most([
    0,
    ...stretches.map(({ from, until }) => until - Math.min(until, least(dues.filter((due) => due >= from))) - steady),
  ])
  const late = dues.filter((due) => due >= most([zero, ...confirms]))
  const open = late.length === 0 ? 0 : most(late) - least(late)
  if (confirms.length === 0 || open > upper) return { lower: Math.floor(open / 1e6), upper: null }
  return { lower: Math.floor(lower / 1e6), upper: Math.ceil(upper / 1e6) }
}

function firstOf(tries: readonly Try[]): Try {
  const first = tries.find(({ from }) => from === least(tries.map((one) => one.from)))
  if (!first) throw new Error('no attempt')
  return first
}

/**
 * The pauses `r` that fail are those that put a job's second try into a time without service, when its first one was
 * in such a time: an interval for each job and each time. The threshold is where the last of them ends.
 */
function naiveThreshold(
  downs: readonly { readonly from: number; readonly to: number }[],
  firsts: readonly Try[],
): number | null {
  if (downs.some(({ to }) => to === Infinity)) return null
  const end = most(downs.map(({ to }) => to))
  const ends = firsts.flatMap(({ from, to, outcome }) => {
    if (!downs.some((down) => from >= down.from && from < down.to)) return []
    const pass = outcome === 'ack' || to === Infinity ? 0 : Math.min(to, end) - from
    return downs.map((down) => down.to - from - pass)
  })
  return Math.ceil(Math.max(0, most(ends)) / 1e6)
}

/** Each delivery after the first, under the first of post-ack, resend, redelivery, broker that fits. */
function naiveDuplicates(
  deliveries: readonly Of<'dlv'>[],
  confirms: readonly Of<'cackok'>[],
  id: string,
): (keyof JobCounts['duplicated'])[] {
  return deliveries.flatMap((delivery, place) => {
    if (place === 0) return []
    const copies = deliveries.flatMap((other, index) =>
      index < place && other.k === delivery.k ? [{ at: other.t, n: index + 1 }] : [],
    )
    const settled = copies.some(({ at, n }) =>
      confirms.some((one) => one.id === id && one.n === n && one.t > at && one.t < delivery.t),
    )
    if (settled) return ['postAck']
    if (copies.length === 0) return ['resend']
    return [delivery.redelivered ? 'redelivery' : 'broker']
  })
}

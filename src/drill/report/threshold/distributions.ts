import { sayMs } from '../../checker/exact-durations.ts'
import { sayPercent } from '../../threshold/claim.ts'
import { measuredOutages } from '../../threshold/measured.ts'
import type { Search } from '../../threshold/search-file.ts'
import type { TrialRecord } from '../../threshold/trial-record.ts'
import { formatMs } from '../durations.ts'
import { type Distribution, distributionPlot } from '../plots/distribution-plot.ts'
import type { Html } from '../../../page/html.ts'

/** The outage of a run by its upper bound, 0 where no attempt failed; null where it was not seen to its end. */
export function outageOf({ outageMs, down }: TrialRecord): number | null {
  return down.length === 0 ? 0 : (outageMs?.upper ?? null)
}

/** The pauses that were just enough, with what is claimed of them. @param capMs up to where the axis goes at least. */
export function pausePlot(search: Search, capMs = 0): Html {
  const claims = claimsOf(search)
  return distributionPlot({
    what: 'the pause that was just enough (r*)',
    runs: named(search, ({ thresholdMs }) => thresholdMs),
    claims,
    capMs,
  })
}

/** The outages, by their upper bounds. @param capMs as of {@link pausePlot}. */
export function outagePlot(search: Search, capMs = 0): Html {
  return distributionPlot({ what: 'the outage, by its upper bound', runs: named(search, outageOf), capMs })
}

/** The longest time that either plot of a search draws. */
export function longestDrawn(search: Search): number {
  const outages = measuredOutages(search.trials)
  const times = outages.flatMap((trial) => [trial.thresholdMs ?? 0, outageOf(trial) ?? 0])
  return Math.max(0, ...times, ...claimsOf(search).map(({ ms }) => ms))
}

function claimsOf({ claim, measured, method, verify }: Search): NonNullable<Distribution['claims']> {
  return [
    ...(claim && claim.thresholdMs !== null ? [{ ms: claim.thresholdMs, label: claim.text }] : []),
    ...(verify ? [{ ms: verify.atMs, label: `verified: ${sayMs(verify.atMs)}` }] : []),
    ...(measured && measured.atPassMs !== null && !verify
      ? [{ ms: measured.atPassMs, label: `enough in ${sayPercent(method.pass)} of these: ${sayMs(measured.atPassMs)}` }]
      : []),
  ]
}

function named({ trials }: Search, ms: (trial: TrialRecord) => number | null): Distribution['runs'] {
  return measuredOutages(trials).map((trial) => ({
    ms: ms(trial),
    title: `${trial.key}, phase ${formatMs(trial.phaseMs)}`,
  }))
}

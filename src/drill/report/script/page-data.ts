import { scheduledLatencyNs } from '../../checker/latency.ts'
import { FATE_MARKS, type FateMark } from '../stories/fate-marks.ts'
import { FATE_MEANING, type FaultPlace } from '../stories/fate-words.ts'
import { dataIsland, type Html, html, trusted } from '../../../page/html.ts'
import { FATES } from '../stories/job-stories.ts'
import { latencyScale, type LatencyScale } from '../plots/latency-scale.ts'
import { packJobs, type PackedTable } from '../stories/packed-jobs.ts'
import { roundTicks, tickLabel } from '../plots/run-axis.ts'
import type { Told } from '../run-section.ts'

/** What the page's script draws and tells from, beside the jobs themselves. Seconds are relative to the fault. */
interface PageData {
  readonly hasFault: boolean
  readonly fault: FaultPlace | null
  /** What an endpoint is called, where it has a name. */
  readonly names: Readonly<Record<string, string>>
  readonly spans: readonly {
    readonly name: string
    readonly from: number
    readonly to: number
    readonly ticks: readonly number[]
    readonly labels: readonly string[]
  }[]
  readonly y: LatencyScale
  readonly moments: readonly { readonly kind: string; readonly at: number }[]
  readonly fates: readonly string[]
  readonly meanings: readonly string[]
  readonly marks: readonly FateMark[]
  readonly table: PackedTable
}

/** The data that stand in the page for its script. */
export function pageData(told: Told): Html {
  const { axis, stories, fault, names } = told
  const packed = packJobs(stories, {
    originNs: axis.originNs,
    everyMs: told.run.everyMs,
    acksConfirmed: told.run.acksConfirmed !== false,
  })
  const seconds = (ns: number): number => Number(((ns - axis.originNs) / 1e9).toFixed(4))
  const data: PageData = {
    hasFault: axis.hasFault,
    fault: fault && { ...fault, atNs: fault.atNs - axis.originNs },
    names: Object.fromEntries(names),
    spans: axis.spans.map((span) => {
      const [from, to] = [seconds(span.fromNs), seconds(span.toNs)]
      const ticks = roundTicks(from, to, 6)
      return { name: span.name, from, to, ticks, labels: ticks.map(tickLabel) }
    }),
    y: latencyScale(stories.flatMap(({ job }) => scheduledLatencyNs(job) ?? []).map((ns) => ns / 1e6)),
    moments: told.lines.map((moment) => ({ kind: moment.kind, at: seconds(moment.atNs) })),
    fates: FATES,
    meanings: FATES.map((fate) => FATE_MEANING[fate]),
    marks: FATES.map((fate) => FATE_MARKS[fate]),
    table: packed.table,
  }
  return html`${dataIsland('run-data', data)}<script type="text/plain" id="job-records">${trusted(packed.records)}</script>`
}

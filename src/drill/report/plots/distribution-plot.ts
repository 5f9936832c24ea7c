import { formatMs } from '../durations.ts'
import { type Html, html, trusted } from '../../../page/html.ts'
import { ACROSS, curve, frame, percent, type Point, steps, stretched } from './plot-frame.ts'
import { roundTicks } from './run-axis.ts'

/** One run in a distribution. */
interface Outcome {
  /** Milliseconds; null when it lasted longer than was waited for. */
  readonly ms: number | null
  /** Shown when the pointer rests on it, such as the run's seed. */
  readonly title?: string
}

/** A claim drawn as a line, such as `R0.9 <= 9.3 s`. */
interface Claim {
  readonly ms: number
  readonly label: string
}

export interface Distribution {
  /** What is distributed, such as `outage W`. */
  readonly what: string
  readonly runs: readonly Outcome[]
  readonly claims?: readonly Claim[]
  /** Up to where was waited; runs without a time stand there. Defaults to the longest. */
  readonly capMs?: number
}

const HEIGHT = 190
const STRIP = 34

/** The distribution of a duration over runs: each run a mark, the share of runs that it covers, and the claims. */
export function distributionPlot({ what, runs, claims = [], capMs }: Distribution): Html {
  const times = runs.flatMap(({ ms }) => ms ?? []).sort((one, other) => one - other)
  const most = Math.max(1, capMs ?? 0, ...times, ...claims.map(({ ms }) => ms)) * 1.06
  const share = (count: number): number => (runs.length === 0 ? 0 : count / runs.length)
  const corners: readonly Point[] = steps([
    [0, 0],
    ...times.map((ms, index): Point => [ms / most, share(index + 1)]),
    [1, share(times.length)],
  ])
  const censored = runs.length - times.length
  const ticks = roundTicks(0, most, 6)
  return html`<figure class="plot distribution">
    <figcaption>Distribution of ${what} <span class="meaning">over ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}: how many of them it did not exceed; each mark is one run${censored > 0 && `, ${censored} lasted longer than was waited for`}</span></figcaption>
    <div class="inset">${frame(
      {
        label: `Distribution of ${what} over ${runs.length} runs${times.length > 0 ? `: shortest ${formatMs(times[0] ?? 0)}, median ${formatMs(times[Math.floor((times.length - 1) / 2)] ?? 0)}, longest ${formatMs(times.at(-1) ?? 0)}` : ''}.${claims.map(({ label }) => ` ${label}.`).join('')}`,
        height: HEIGHT + STRIP,
        across: ticks.map((ms) => ({ at: ms / most, label: formatMs(ms).replace(/^0 ms$/, '0') })),
        up: [0, 0.25, 0.5, 0.75, 1].map((at) => ({
          at: (STRIP + at * (HEIGHT - 20)) / (HEIGHT + STRIP),
          label: `${at * 100} %`,
        })),
      },
      html`${stretched(
        HEIGHT + STRIP,
        curve(
          corners.map(([x, y]): Point => [x, (STRIP + y * (HEIGHT - 20)) / (HEIGHT + STRIP)]),
          HEIGHT + STRIP,
        ),
      )}
      ${marks(runs, most)}
      ${claims.map(({ ms, label }, index) => {
        const left = ms / most > 0.5
        return html`<line class="claim" x1="${percent(ms / most)}" x2="${percent(ms / most)}" y1="${4 + index * 16}" y2="${HEIGHT + STRIP}"/><svg x="${percent(ms / most)}" y="${14 + index * 16}" overflow="visible"><text class="strong halo" x="${left ? -6 : 6}" text-anchor="${left ? 'end' : 'start'}">${label}</text></svg>`
      })}`,
    )}</div>
  </figure>`
}

function marks(runs: readonly Outcome[], most: number): Html {
  const y = HEIGHT + STRIP / 2
  const at = (ms: number | null): number => (ms ?? most) / most
  const dots = runs.filter(({ ms, title }) => ms !== null && title === undefined)
  const path = dots.map(({ ms }) => `M${Math.round(at(ms) * ACROSS)} 4h0`).join('')
  const plain = trusted(
    path === ''
      ? ''
      : `<svg x="0" y="${y - 4}" width="100%" height="8" viewBox="0 0 ${ACROSS} 8" preserveAspectRatio="none" overflow="visible"><path class="dots" vector-effect="non-scaling-stroke" d="${path}"/></svg>`,
  )
  const named = runs.filter(({ ms, title }) => ms === null || title !== undefined)
  return html`${plain}${named.map(
    ({ ms, title }) =>
      html`<svg x="${percent(at(ms))}" y="${y}" overflow="visible">${ms === null ? html`<path class="unconfirmed" d="M-8-5-2 0-8 5"/>` : html`<circle class="m-ack" r="3.2"/>`}${title !== undefined && html`<title>${title}</title>`}</svg>`,
  )}`
}

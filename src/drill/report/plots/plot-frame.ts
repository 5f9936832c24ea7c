import { type Html, html, trusted } from '../../../page/html.ts'

/** A value on an axis with its place, from 0 to 1. */
export interface Tick {
  readonly at: number
  readonly label: string
}

export interface Frame {
  /** Classes beside `chart`, such as the span that it shows. */
  readonly name?: string
  /** What is drawn, for who cannot see it. */
  readonly label: string
  /** Of the plot itself, in pixels; the axis beneath comes on top. */
  readonly height: number
  /** From the left. On a narrow page every second one gives way, counted from `anchor`. */
  readonly across: readonly Tick[]
  /** From the bottom. */
  readonly up: readonly Tick[]
  /** The tick that keeps its label on a narrow page. Defaults to the first. */
  readonly anchor?: number
}

/** Units across a stretched drawing; the page stretches them to its own width. */
export const ACROSS = 10_000

const AXIS_HEIGHT = 24

/** The frame of a plot as wide as the page: grid, axes and labels, with what is drawn between them. */
export function frame({ name = '', label, height, across, up, anchor = 0 }: Frame, drawn: Html): Html {
  return html`<svg class="chart ${name}" width="100%" height="${height + AXIS_HEIGHT}" role="img" aria-label="${label}">
    ${across.map(({ at }) => html`<line class="grid" x1="${percent(at)}" x2="${percent(at)}" y1="0" y2="${height}"/>`)}
    ${up.map(({ at, label: text }) => {
      const y = round(height * (1 - at))
      return html`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="quiet" x="-8" y="${y + 4}" text-anchor="end">${text}</text>`
    })}
    <line class="base" x1="0" x2="100%" y1="${height}" y2="${height}"/>
    ${drawn}
    ${ticksBelow(across, height, anchor)}
  </svg>`
}

/** The labels of the horizontal axis beneath a plot of this height. */
export function ticksBelow(ticks: readonly Tick[], height: number, anchor: number): readonly Html[] {
  return ticks.map(
    ({ at, label }, index) =>
      html`<text class="quiet tick${(index - anchor) % 2 === 0 ? '' : ' minor'}" x="${percent(at)}" y="${height + 17}" text-anchor="${at < 0.02 ? 'start' : at > 0.98 ? 'end' : 'middle'}">${label}</text>`,
  )
}

/** A drawing that is stretched to the width: x from 0 to {@link ACROSS}, y in pixels. */
export function stretched(height: number, drawn: Html): Html {
  return html`<svg x="0" y="0" width="100%" height="${height}" viewBox="0 0 ${ACROSS} ${height}" preserveAspectRatio="none" class="clip">${drawn}</svg>`
}

/** A point of a curve: from the left and from the bottom, 0 to 1. */
export type Point = readonly [x: number, y: number]

/** A line through points. */
export function curve(points: readonly Point[], height: number, name = ''): Html {
  return points.length === 0 ? html`` : trusted(`<path class="curve ${name}" d="${pathOf(points, height)}"/>`)
}

/** The space beneath a line through points. */
export function area(points: readonly Point[], height: number, name = ''): Html {
  const [first] = points
  const last = points.at(-1)
  if (!first || !last) return html``
  const closed: readonly Point[] = [[first[0], 0], ...points, [last[0], 0]]
  return trusted(`<path class="area ${name}" d="${pathOf(closed, height)}z"/>`)
}

/** The corners of a line that keeps each value until the next. */
export function steps(points: readonly Point[]): readonly Point[] {
  return points.flatMap((point, index): readonly Point[] => {
    const before = points[index - 1]
    return before === undefined ? [point] : [[point[0], before[1]], point]
  })
}

/** A share of the width in SVG's own words, which a page of any width understands. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`
}

function pathOf(points: readonly Point[], height: number): string {
  return points
    .map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${Math.round(x * ACROSS)} ${round(height * (1 - y))}`)
    .join('')
}

function round(value: number): number {
  return Number(value.toFixed(1))
}

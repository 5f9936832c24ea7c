import type { DrillResult, FailoverPart } from '../../result.ts'
import { formatMs } from '../durations.ts'
import { type Html, html } from '../../../page/html.ts'
import { percent } from './plot-frame.ts'

const MEANING: Readonly<Record<FailoverPart['name'], string>> = {
  detect: 'until a client noticed that the broker was gone',
  lock: 'until the standby held the lock',
  promote: 'until the new master answered a whole handshake',
  reconnect: 'until the producer was connected to it',
  elect: 'until another node had become the leader of the queue',
  confirm: 'until it confirmed the first job',
}

/** Where every node serves, the one that the producer is connected to need not be the one that was elected. */
const MEANING_WITH_ELECTION: typeof MEANING = {
  ...MEANING,
  reconnect: 'until the producer was connected to another node',
  confirm: 'until a job was confirmed',
}

/** The parts of the failover one after another, to scale, with their milliseconds. */
export function waterfall(result: DrillResult): Html {
  const { failoverMs, failoverParts } = result
  if (result.fault.injectedAt === null)
    return html`<p class="nothing">No fault was injected, so there are no parts to show.</p>`
  if (failoverMs === null || failoverParts.length === 0) {
    return html`<p class="nothing">No other broker took over after the fault, so there are no parts to show.</p>`
  }
  const meaning = failoverParts.some(({ name }) => name === 'elect') ? MEANING_WITH_ELECTION : MEANING
  return html`<table class="waterfall">
    <thead><tr><th scope="col">Part</th><th scope="col">From the fault to the first confirm</th><th scope="col" class="number">Took</th></tr></thead>
    <tbody>
    ${waterfallSteps(failoverParts).map(
      (step) => html`<tr>
        <th scope="row">${step.name}<span class="meaning">${meaning[step.name]}</span></th>
        <td class="drawn"><svg width="100%" height="22" aria-hidden="true">
          <line class="rail" x1="0" x2="100%" y1="11" y2="11"/>
          <rect class="bar" x="${percent(step.from)}" width="${percent(step.share)}" y="4" height="14" rx="1"/>
          <line class="bar-start" x1="${percent(step.from)}" x2="${percent(step.from)}" y1="3" y2="19"/>
        </svg></td>
        <td class="number">${formatMs(step.ms)}</td></tr>`,
    )}
    </tbody>
    <tfoot><tr><th scope="row">failover time</th><td></td><td class="number">${formatMs(failoverMs)}</td></tr></tfoot>
  </table>`
}

/** Where each part begins and how long it is, as shares of the whole. */
function waterfallSteps(
  parts: readonly FailoverPart[],
): readonly (FailoverPart & { readonly from: number; readonly share: number })[] {
  const total = parts.reduce((sum, part) => sum + part.ms, 0)
  let before = 0
  return parts.map((part) => {
    const from = total > 0 ? before / total : 0
    before += part.ms
    return { ...part, from, share: total > 0 ? part.ms / total : 0 }
  })
}

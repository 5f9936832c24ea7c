import { systemClock } from '../../clock.ts'
import { prepare } from '../../connect.ts'
import { expectedTrialMs, measuredTrialMs, type TrialCost } from '../../drill/threshold/cost.ts'
import { DRILL_CLIENT_OPTIONS } from '../../drill/plan.ts'
import { runFleet, type Station } from '../../drill/threshold/fleet.ts'
import type { RunningSearch } from '../../drill/threshold/search.ts'
import type { Search, SearchTarget } from '../../drill/threshold/search-file.ts'
import type { TrialBench } from '../../drill/threshold/trial.ts'
import { messageOf } from '../../errors.ts'
import { parseFailoverUri } from '../../failover/uri.ts'
import type { Transport } from '../../transport/transport.ts'
import { type DrillLab, drillUri, probeEndpoint } from '../drill/run.ts'

export interface SearchLabs {
  /** Puts a lab up that ends with this process. */
  readonly upLab: (name: string, signal: AbortSignal, onProgress: (line: string) => void) => Promise<DrillLab>
  /** The adapter for the lab's endpoints. */
  readonly transport: (lab: DrillLab) => Promise<Transport>
  /** What can be done to the path to any brokers, and what puts proxies in front of them for it. */
  readonly networkFaults: readonly string[]
  readonly throughProxies: (
    lab: DrillLab,
    options: { readonly clientOptions: Readonly<Record<string, string>> },
  ) => Promise<{ readonly control: DrillLab; close(): Promise<void> }>
}

export interface SearchRunOptions extends SearchLabs {
  readonly running: RunningSearch
  readonly parallel: number
  readonly budgetMs: number
  readonly onProgress: (line: string) => void
}

// Its own part of an outage is no more than a probe's. And it lets go of jobs that met no broker: hundreds of them
// sent again at once, to a broker that has only just taken over, would be an outage of our own making.
const PROBING_CLIENT = { maxReconnectDelay: '20', initialReconnectDelay: '10', timeout: '200' }

/**
 * Works on a search until it is done, the budget is used up or `signal` fires, on labs that are taken down in the end.
 * Returns whether the budget ended it.
 *
 * @throws UnderstudyError `aborted` when `signal` fires, after healing; what a lab failed with.
 */
export async function runSearch(options: SearchRunOptions, signal: AbortSignal): Promise<boolean> {
  const { running } = options
  // Two labs that look for free ports at once may find the same ones.
  let turn: Promise<unknown> = Promise.resolve()
  const openStation = (number: number, ended: AbortSignal): Promise<Station> => {
    const station = turn.then(() => putUp(options, number, ended))
    turn = station.catch(() => undefined)
    return station
  }
  return runFleet(
    {
      parallel: options.parallel,
      open: () => running.open(),
      openStation,
      budgetMs: options.budgetMs,
      stepMs: () => trialMsOf(running.search),
      clock: systemClock,
      onFailure: (error) => options.onProgress(`the lab is of no more use (${messageOf(error)}); another is put up`),
    },
    signal,
  )
}

/** About how long one trial of this search takes, by what is known; 0 before anything is. */
export function trialMsOf({ trials, target, trial }: Search): number {
  if (target === null) return 0
  const cost = costOf(target, trial.holdMs)
  return trials.length === 0 ? expectedTrialMs(cost) : measuredTrialMs(trials, cost)
}

function costOf(target: SearchTarget, holdMs: number): TrialCost {
  return { ...target, holdMs: target.heldFault ? holdMs : 0 }
}

async function putUp(options: SearchRunOptions, number: number, signal: AbortSignal): Promise<Station> {
  const { running, parallel, upLab, transport } = options
  const { search } = running
  const name = parallel === 1 ? search.lab : `${search.lab} ${number + 1}`
  const lab = await upLab(search.lab, signal, (line) => options.onProgress(`lab ${name}: ${line}`))
  let proxied: Awaited<ReturnType<typeof proxiesFor>> | undefined
  try {
    const proxies = await proxiesFor(lab, search, options)
    proxied = proxies
    const { control } = proxies
    running.knows(targetOf(control, search.trial.fault))
    const bench = benchOf(control, await transport(control), search)
    return {
      run: (step, ended) => running.run(step, bench, ended),
      close: async () => {
        await proxies.close()
        await lab.down()
      },
    }
  } catch (error) {
    await proxied?.close()
    await lab.down()
    throw error
  }
}

/** Proxies in front of the brokers, where the fault is one of the network; without them, where it is their own. */
async function proxiesFor(
  lab: DrillLab,
  { trial }: Search,
  { networkFaults, throughProxies }: SearchLabs,
): ReturnType<SearchLabs['throughProxies']> {
  if (!networkFaults.includes(trial.fault) || lab.faults.some(({ name }) => name === trial.fault)) {
    return { control: lab, close: () => Promise.resolve() }
  }
  return throughProxies(lab, {
    clientOptions: { ...DRILL_CLIENT_OPTIONS, ...lab.clientOptions, ...PROBING_CLIENT },
  })
}

function targetOf(lab: DrillLab, faultName: string): SearchTarget {
  const fault = lab.faults.find(({ name }) => name === faultName)
  return {
    lab: lab.lab,
    brokers: lab.nodes.map(({ name, product, endpoint }) => ({ name, version: product, endpoint })),
    settings: lab.settings,
    predicted: fault?.predicted ?? null,
    heldFault: fault?.heals === 'after-hold',
    slowestPeriodMs: lab.slowestPeriodMs,
    slowestTakeoverMs: lab.slowestTakeoverMs,
  }
}

function benchOf(lab: DrillLab, transport: Transport, { trial }: Search): TrialBench {
  const uri = drillUri(lab, PROBING_CLIENT)
  const article = parseFailoverUri(drillUri(lab, { connectTimeout: String(trial.deadlineMs), heartbeat: '0' }))
  return {
    control: lab,
    clock: systemClock,
    transport,
    prepare: (observer) => prepare(uri, { clock: systemClock, ...(observer ? { observer } : {}) }),
    endpoints: article.endpoints,
    probeOf: (node) => ({ transport, endpoint: probeEndpoint(lab, node) }),
  }
}

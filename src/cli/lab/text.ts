import type { BrokerControl, ProcessState, Topology } from '../../drill/broker-control.ts'
import { wordsOf } from '../../drill/topology.ts'
import { messageOf } from '../../errors.ts'

/** A running lab as the command line needs it. */
export interface LabHandle extends BrokerControl {
  readonly id: string
  readonly folder: string
  /** Without credentials. */
  readonly failoverUri: string
  readonly timings: Readonly<Record<string, number>>
  pid(node: string): number | undefined
}

/** What `lab status` tells of one lab; nothing in it is secret. */
export interface LabOverview {
  readonly id: string
  readonly lab: string
  readonly topology: Topology
  readonly failoverUri: string
  readonly needsPassword: boolean
  readonly folder: string
  /**
   * The node that holds the lock, or leads all the queues or is their home; null while none does, or while
   * that cannot be told.
   */
  readonly active: string | null
  /** Why it cannot be told. */
  readonly problem?: string
  readonly nodes: readonly {
    readonly name: string
    readonly product: string
    readonly endpoint: string
    readonly state: ProcessState
    readonly pid: number | null
  }[]
}

export async function overviewOf(lab: LabHandle): Promise<LabOverview> {
  let problem: string | undefined
  const active = await lab.active().catch((error: unknown) => {
    problem = messageOf(error)
    return undefined
  })
  return {
    id: lab.id,
    lab: lab.lab,
    topology: lab.topology ?? 'lock',
    failoverUri: lab.failoverUri,
    needsPassword: lab.credentials !== undefined,
    folder: lab.folder,
    active: active ?? null,
    ...(problem === undefined ? {} : { problem }),
    nodes: lab.nodes.map(({ name, product, endpoint }) => {
      const state = lab.state(name)
      return { name, product, endpoint, state, pid: state === 'gone' ? null : (lab.pid(name) ?? null) }
    }),
  }
}

export function overviewText(overview: LabOverview): string {
  const words = wordsOf(overview.topology)
  const nodes = overview.nodes.map(({ name, endpoint, state, pid, product }) => {
    const role = name === overview.active ? words.does : state === 'running' ? words.othersDo : ''
    const process = pid === null ? 'gone' : `${state}, pid ${pid}`
    return `  ${name}  ${endpoint}  ${[process, role].filter((part) => part !== '').join(', ')}  (${product})\n`
  })
  const unclear = overview.problem === undefined ? '' : `  ${words.who} cannot be told: ${overview.problem}\n`
  return `${nodes.join('')}${unclear}  ${overview.failoverUri}\n  logs in ${overview.folder}\n`
}

/**
 * What to type next, where the program is called `understudy`. A password is fetched by the shell, so that
 * it is neither shown nor typed.
 */
export function walkByHand(lab: LabHandle, several: boolean, understudy: string): string {
  const uri = lab.credentials === undefined ? `'${lab.failoverUri}'` : `"$(${understudy} lab uri ${lab.id})"`
  const which = several ? ` --lab ${lab.id}` : ''
  const [first, second] = lab.nodes.map(({ name }) => name)
  return [
    ...(lab.credentials === undefined
      ? []
      : [`The brokers ask for a password, which \`${understudy} lab uri\` prints.`]),
    `In one terminal:  ${understudy} listen ${uri}`,
    `In another:       ${understudy} produce ${uri}`,
    `Then:             ${understudy} lab kill ${first}${which}     and see ${whatFollows(lab, first, second)}`,
    `                  ${understudy} lab start ${first}${which}`,
    `At the end:       ${understudy} lab down ${lab.id}`,
    '',
  ].join('\n')
}

function whatFollows({ topology }: LabHandle, first: string | undefined, second: string | undefined): string {
  if (topology === 'home-node') return `the jobs wait, if ${first} is home to the queue`
  if (topology === 'quorum') return `another one lead the queue, if ${first} did`
  return `${second} take over`
}

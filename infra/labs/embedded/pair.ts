import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { BrokerControl } from '../../../src/drill/broker-control.ts'
import { UnderstudyError, messageOf } from '../../../src/errors.ts'
import { type BrokerLogLine, parseLogLine } from '../../embedded/log.ts'
import { EMBEDDED_FAULT_NAMES, embeddedFaults } from './faults.ts'
import { holdingNode, watchHolder } from './lock.ts'
import type { Blueprint, LabKind, UpContext } from '../lab.ts'
import type { LabFolder } from '../lab-folder.ts'
import { lastMeaningfulLine, sizeOf } from '../log-lines.ts'
import { mustBeGone, nodeControl, portOf } from '../processes/node-control.ts'
import { spawnProcess } from '../processes/spawn-process.ts'
import { answersStomp } from '../stomp-greeting.ts'
import { waitUntil } from '../wait-until.ts'

const NODES = ['a', 'b']
// Long enough for a takeover that can be seen.
const LOCK_POLL_MS = 250
const READY_WITHIN_MS = 30_000
/** From the lock to an open port: the store is opened and read. */
const PROMOTION_MS = 2_000

/** Two processes of this package's own broker, which share one lock and one store in the lab's folder. */
export const embedded: LabKind = {
  name: 'embedded',
  description: 'two small brokers of our own on one lock and one store; needs nothing installed',
  faultNames: EMBEDDED_FAULT_NAMES,
  availability: () => ({ available: true, detail: product() }),
  blueprint,
  start,
  control,
}

function product(): string {
  return `embedded broker on Node ${process.versions.node}`
}

function blueprint(): Blueprint {
  const settings = { lockPollMs: LOCK_POLL_MS }
  return { nodes: NODES, otherPorts: [], scheme: 'stomp', product: product(), settings }
}

async function start(folder: LabFolder, { signal, step }: UpContext): Promise<void> {
  mkdirSync(folder.at('data'), { mode: 0o700 })
  const { nodes, ports } = folder.read()
  const [first, ...others] = nodes
  if (first === undefined) return
  await step(`broker ${first}`, async () => await startNode(folder, first, ['lock-acquired'], signal))
  for (const name of others) {
    await step(`broker ${name} stands by`, async () => await startNode(folder, name, ['standby'], signal))
  }
  await step(`broker ${first} serves`, async () => {
    const look = async (): Promise<true | undefined> => ((await answersStomp(portOf(ports, first))) ? true : undefined)
    await waitUntil(look, { what: 'an answer to a STOMP client', withinMs: READY_WITHIN_MS, signal })
  })
}

function control(folder: LabFolder): BrokerControl {
  const { settings, nodes } = folder.read()
  const processes = {
    ...nodeControl(folder),
    active: async () => holdingNode(folder),
    start: async (node: string) => {
      mustBeGone(folder, node)
      await startNode(folder, node, ['serving', 'standby'])
    },
  }
  return {
    ...processes,
    lab: embedded.name,
    faults: embeddedFaults(folder, processes, { lockPollMs: LOCK_POLL_MS, promotionMs: PROMOTION_MS }),
    credentials: undefined,
    slowestPeriodMs: LOCK_POLL_MS,
    slowestTakeoverMs: LOCK_POLL_MS + PROMOTION_MS,
    settings,
    files: nodes.map((node) => folder.log(node)),
    watch: async (onMarker) => await watchHolder(folder, onMarker),
  }
}

/** The broker's program lies beside this file, as source or compiled. */
function program(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return fileURLToPath(new URL(`../../embedded/main.${extension}`, import.meta.url))
}

/** Starts one broker and returns once it reports one of these events. */
async function startNode(
  folder: LabFolder,
  node: string,
  wanted: readonly BrokerLogLine['event'][],
  signal?: AbortSignal,
): Promise<void> {
  const logged = await sizeOf(folder.log(node))
  const { ended } = spawnProcess(folder, node, {
    file: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      program(),
      `--name=${node}`,
      `--dir=${folder.at('data')}`,
      `--port=${portOf(folder.read().ports, node)}`,
      `--lock-poll-ms=${LOCK_POLL_MS}`,
    ],
  })
  let end: string | undefined
  void ended.then((how) => (end = how))
  const look = async (): Promise<true | undefined> => {
    const over = end
    if ((await eventsSince(folder, node, logged)).some((event) => wanted.includes(event))) return true
    if (over !== undefined) throw new UnderstudyError('unsupported', `it ended with ${over}`)
    return undefined
  }
  const options = { what: `no word of ${wanted.join(' or ')}`, withinMs: READY_WITHIN_MS, everyMs: 10, signal }
  await waitUntil(look, options).catch(async (error: unknown) => {
    if (signal?.aborted) throw error
    const said = await lastMeaningfulLine(folder.log(node), logged)
    const text = `broker ${node} did not start (${messageOf(error)})${said === undefined ? '' : `: ${wordsOf(said)}`}`
    throw new UnderstudyError(error instanceof UnderstudyError ? error.code : 'unsupported', text, { cause: error })
  })
}

function wordsOf(line: string): string {
  const entry = parseLogLine(line)
  return entry?.event === 'error' ? entry.message : line
}

async function eventsSince(folder: LabFolder, node: string, from: number): Promise<BrokerLogLine['event'][]> {
  const log = await readFile(folder.log(node))
  return log
    .subarray(from)
    .toString('utf8')
    .split('\n')
    .flatMap((line) => parseLogLine(line)?.event ?? [])
}

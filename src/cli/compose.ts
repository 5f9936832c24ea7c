import type { Command } from 'commander'
import { install } from '../../infra/install/install.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import { NETWORK_FAULT_NAMES, throughProxies } from '../../infra/proxy/network-faults.ts'
import { managementUrl } from '../../infra/labs/rabbitmq/management-address.ts'
import { systemClock } from '../clock.ts'
import { renderSummary } from '../drill/report/summary.ts'
import { abortCommand } from './commands/abort.ts'
import { checkCommand } from './commands/check.ts'
import { compareCommand } from './commands/compare.ts'
import { completeCommand, completionCommand } from './commands/completion.ts'
import { dashboardCommand } from './commands/dashboard.ts'
import { doctorCommand } from './commands/doctor.ts'
import { drillCommand } from './commands/drill.ts'
import { labCommand } from './commands/lab.ts'
import { listenCommand } from './commands/listen.ts'
import { failuresCommand } from './commands/failures.ts'
import { enqueueCommand } from './commands/enqueue.ts'
import { pauseCommand, resumeCommand } from './commands/pause.ts'
import { purgeCommand } from './commands/purge.ts'
import { queuesCommand } from './commands/queues.ts'
import { resultCommand } from './commands/result.ts'
import { workerCommand } from './commands/worker.ts'
import { workersCommand } from './commands/workers.ts'
import { produceCommand } from './commands/produce.ts'
import { thresholdCommand } from './commands/threshold.ts'
import { invocation } from './invocation.ts'
import { openLiveView } from './live/live-view.ts'
import type { ProcessTerminal } from './terminal/terminal.ts'
import type { Transport } from '../transport/transport.ts'

const DEFAULT_WIDTH = 100
// What every terminal has.
const TABLE_WIDTH = 80

/** The commands with what they stand on: the one place of the command line that knows adapters and labs. */
export function commands(terminal: ProcessTerminal, version: string): readonly Command[] {
  const understudy = invocation(process.env)
  const labs = createLabs({ understudy })
  const tableWidth = process.stdout.columns || TABLE_WIDTH
  return [
    drillCommand({
      terminal,
      upLab: (name, signal, onProgress) => labs.up(name, { signal, onProgress }),
      faultNames: (lab) => labs.faultNames(lab),
      missing: (lab) => {
        const found = labs.list().find(({ name }) => name === lab)
        return found?.availability.available === false ? found.availability.reason : undefined
      },
      transport: transportOf,
      networkFaults: NETWORK_FAULT_NAMES,
      throughProxies,
      liveView: (lab) =>
        openLiveView({ stream: process.stderr, clock: systemClock, environment: process.env, brokers: lab.nodes }),
      summary: (result, folder) =>
        renderSummary(result, {
          folder,
          colour: isColoured(process.stdout),
          width: process.stdout.columns || DEFAULT_WIDTH,
        }),
      width: process.stdout.columns || DEFAULT_WIDTH,
      versions: { understudy: version, node: process.versions.node },
      understudy,
    }),
    thresholdCommand({
      terminal,
      upLab: (name, signal, onProgress) => labs.up(name, { signal, onProgress }),
      faultNames: (lab) => labs.faultNames(lab),
      transport: transportOf,
      networkFaults: NETWORK_FAULT_NAMES,
      throughProxies,
      versions: { understudy: version, node: process.versions.node },
      understudy,
    }),
    produceCommand(terminal),
    listenCommand(terminal),
    workerCommand(terminal),
    enqueueCommand(terminal),
    failuresCommand({ terminal, width: tableWidth }),
    queuesCommand(terminal, tableWidth),
    workersCommand(terminal, tableWidth),
    resultCommand(terminal),
    purgeCommand(terminal),
    pauseCommand(terminal, tableWidth),
    resumeCommand(terminal, tableWidth),
    abortCommand(terminal),
    dashboardCommand(terminal),
    checkCommand(terminal, understudy),
    compareCommand({ terminal, colour: isColoured(process.stdout), width: process.stdout.columns || DEFAULT_WIDTH }),
    doctorCommand({
      terminal,
      labs,
      managementOf: managementUrl,
      throughProxies,
      colour: isColoured(process.stdout),
    }),
    labCommand(
      terminal,
      { ...labs, install, networkFaults: NETWORK_FAULT_NAMES, managementOf: managementUrl },
      understudy,
    ),
    completionCommand(terminal),
    completeCommand(terminal, labs, NETWORK_FAULT_NAMES),
  ]
}

/** The adapter for a lab's endpoints, which all have one scheme. */
async function transportOf({
  nodes,
}: {
  readonly nodes: readonly { readonly endpoint: string }[]
}): Promise<Transport> {
  if (nodes[0]?.endpoint.startsWith('amqp'))
    return (await import('../../adapters/rabbitmq/transport.ts')).rabbitmqTransport()
  return (await import('../../adapters/activemq/transport.ts')).activemqTransport()
}

function isColoured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env['TERM'] !== 'dumb' && !process.env['NO_COLOR']
}

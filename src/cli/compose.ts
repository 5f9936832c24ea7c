import { activemqTransport } from '../../adapters/activemq/transport.ts'
import type { Command } from 'commander'
import { install } from '../../infra/install/install.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import { summaryText } from '../drill/summary.ts'
import { checkCommand } from './commands/check.ts'
import { drillCommand } from './commands/drill.ts'
import { labCommand } from './commands/lab.ts'
import { listenCommand } from './commands/listen.ts'
import { produceCommand } from './commands/produce.ts'
import type { Terminal } from './terminal.ts'

/** The commands with what they stand on: the one place of the command line that knows adapters and labs. */
export function commands(terminal: Terminal, version: string): readonly Command[] {
  const labs = createLabs()
  return [
    drillCommand({
      terminal,
      upLab: (name, signal, onProgress) => labs.up(name, { signal, onProgress }),
      transport: () => Promise.resolve(activemqTransport()),
      liveView: () => ({
        onEvent: () => {},
        onPhase: (phase) => terminal.err(`${JSON.stringify(phase)}\n`),
        close: () => {},
      }),
      summary: (result) => summaryText(result).join('\n'),
      versions: { understudy: version, node: process.versions.node },
    }),
    produceCommand(terminal),
    listenCommand(terminal),
    checkCommand(terminal),
    labCommand(terminal, { ...labs, install }),
  ]
}

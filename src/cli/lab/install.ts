import { Exit, EXIT } from '../exit-code.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** How an installation went, as the command line needs it. */
export type InstallReport =
  | { readonly kind: 'complete' }
  | { readonly kind: 'installed'; readonly packages: readonly string[] }
  | { readonly kind: 'by-hand'; readonly lines: readonly string[] }

export interface LabInstaller {
  install(options: {
    readonly signal: AbortSignal
    readonly onProgress: (line: string) => void
  }): Promise<InstallReport>
}

/** @throws Exit with code 2 when a person has to do it, 130 when it was interrupted. */
export async function installLab(labs: LabInstaller, json: boolean, terminal: Terminal): Promise<void> {
  const options = { signal: terminal.interrupted, onProgress: (line: string) => terminal.err(`  ${line}\n`) }
  const report = await labs.install(options).catch((error: unknown) => {
    throw terminal.interrupted.aborted ? new Exit(EXIT.interrupted, 'interrupted; run it again to go on') : error
  })
  if (json) terminal.out(`${JSON.stringify(report, null, 2)}\n`)
  else terminal.out(`${textOf(report)}\n`)
  if (report.kind === 'by-hand') throw new Exit(EXIT.unknown)
}

function textOf(report: InstallReport): string {
  switch (report.kind) {
    case 'complete':
      return 'everything that the labs need is there'
    case 'installed':
      return `installed ${report.packages.join(', ')}; no service was started`
    case 'by-hand':
      return report.lines.join('\n')
  }
}

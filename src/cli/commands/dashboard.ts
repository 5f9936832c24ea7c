import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { aborted, systemClock } from '../../clock.ts'
import { prepare } from '../../connect.ts'
import { createDashboard } from '../../dashboard/dashboard.ts'
import { createApp } from '../../jobs/app.ts'
import { isLoopbackHost } from '../../loopback.ts'
import { dashboardTokens, rereadTokens, TOKENS_VARIABLE } from '../dashboard-tokens.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { brokersAt } from '../jobs/broker-words.ts'
import { examples } from '../examples.ts'
import { several } from '../arguments/repeated-option.ts'
import { onStores, openFailures, openResults, optionalFailuresOption, keptResultsOption } from '../jobs/open-stores.ts'
import type { StoreLocation } from '../jobs/store-location.ts'
import { namingOption } from '../taken-port.ts'
import { terminalLogger } from '../terminal/logger.ts'
import { statusLines } from '../terminal/status-line.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { wholeNumber } from '../arguments/whole-number.ts'

interface DashboardCommandOptions {
  readonly failures?: StoreLocation
  readonly results?: StoreLocation
  readonly drills?: string
  readonly queue?: readonly string[]
  readonly host: string
  readonly port: number
  readonly tokenFile?: string
  readonly allowHost?: readonly string[]
  readonly https?: true
  readonly title?: string
  readonly json?: true
}

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 8080
const DEFAULT_DRILLS = 'drills'

/** Pages about brokers, queues, workers, failures and drills. */
export function dashboardCommand(terminal: Terminal): Command {
  return new Command('dashboard')
    .description('serve pages about brokers, queues, workers, failed jobs and drills, until INT or TERM')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <uri>')
    .addOption(optionalFailuresOption())
    .addOption(keptResultsOption())
    .option('--drills <folder>', 'where drills are stored; ./drills when there is one')
    .option('--queue <name>', 'show this queue beside those of the workers; may be repeated', several)
    .option('--host <address>', 'where to listen; any but this machine alone takes tokens', DEFAULT_HOST)
    .option('--port <n>', 'where to listen; 0 for a free one', wholeNumber(0, 65_535), DEFAULT_PORT)
    .option('--token-file <file>', 'who may come in: lines of a name, a role (viewer, operator, admin) and a token')
    .option('--allow-host <name>', 'a name that browsers may call it by; any with tokens; may be repeated', several)
    .option('--https', 'browsers come over https, through a proxy: cookies say so')
    .option('--title <text>', 'what the pages are called; Understudy when not given')
    .option('--json', 'print where it listens as one JSON document')
    .addHelpText(
      'after',
      examples(
        [
          'understudy dashboard amqp://localhost --failures failures.db',
          'understudy dashboard "failover:(stomp://a:61613,stomp://b:61613)" --queue orders',
          'understudy dashboard amqp://localhost --host 0.0.0.0 --token-file tokens',
        ],
        ['UNDERSTUDY_URI', 'UNDERSTUDY_FAILURES', 'UNDERSTUDY_RESULTS'],
      ) + TOKENS,
    )
    .action((uri: string | undefined, options: DashboardCommandOptions) => serve(brokersAt(uri), options, terminal))
}

const TOKENS = `

Tokens, a line for each, in a file or in ${TOKENS_VARIABLE} with commas between them:
  ada  admin    the output of: openssl rand -base64 24
  otto operator …
Without tokens it is for this machine alone, and whoever is on it may do everything.`

async function serve(uri: string, options: DashboardCommandOptions, terminal: Terminal): Promise<void> {
  const { host, port, queue, title, allowHost, https, tokenFile } = options
  const { tokens, warning } = dashboardTokens(tokenFile, process.env)
  if (warning !== undefined) terminal.err(`  ${warning}\n`)
  if (tokens === undefined && !isLoopbackHost(host))
    throw new Exit(EXIT.badArguments, `--host ${host} is not of this machine alone: give --token-file too`)
  const stores = {
    ...(options.failures === undefined ? {} : openFailures(options.failures)),
    // What comes by reply comes to the enqueuer alone.
    ...(options.results === undefined || options.results.kind === 'reply' ? {} : openResults(options.results)),
  }
  const drills = drillsAt(options.drills)
  const logger = terminalLogger(terminal.err)
  await using connection = await prepare(uri)
  connection.observe(statusLines((line) => terminal.err(`  ${line}\n`)))
  await using app = createApp({ connection, ...stores, logger })
  await using dashboard = createDashboard({
    connection,
    app,
    ...(queue === undefined ? {} : { queues: queue }),
    ...(drills === undefined ? {} : { drills }),
    ...(title === undefined ? {} : { title }),
    access: {
      ...(tokens === undefined
        ? {}
        : {
            tokens: tokenFile === undefined ? tokens : rereadTokens(tokenFile, tokens, { clock: systemClock, logger }),
          }),
      ...(allowHost === undefined ? {} : { hosts: allowHost }),
      ...(https === undefined ? {} : { https }),
    },
    logger,
  })
  // Told at once what is wrong with a store, and not when somebody looks; brokers may be away, and the pages say so.
  if (app.keepsFailures) await onStores(() => app.failures.paused())
  const { url } = await dashboard.listen({ host, port }).catch(namingOption('--port'))
  connection.connected().catch(() => {})
  if (options.json) terminal.out(`${JSON.stringify({ url }, null, 2)}\n`)
  else terminal.out(`dashboard at ${url}\n`)
  await aborted(terminal.interrupted)
}

function drillsAt(folder: string | undefined): string | undefined {
  if (folder === undefined) return existsSync(DEFAULT_DRILLS) ? DEFAULT_DRILLS : undefined
  if (existsSync(folder)) return folder
  throw new Exit(EXIT.badArguments, `--drills: there is no folder ${folder}`)
}

import { rmSync, writeFileSync } from 'node:fs'
import { messageOf, UnderstudyError } from '../../src/errors.ts'
import { reservePorts } from '../labs/free-ports.ts'
import { createLabFolder, type LabFolder, labRoot, portsOfLabs } from '../labs/lab-folder.ts'
import { lastMeaningfulLine } from '../labs/log-lines.ts'
import { processState, signalProcess } from '../labs/processes/process-identity.ts'
import { spawnProcess } from '../labs/processes/spawn-process.ts'
import { waitUntil } from '../labs/wait-until.ts'
import type { PrometheusProgram } from './find-server.ts'

export interface StartPrometheusOptions {
  /** The text of its configuration file. Paths in it are absolute. */
  readonly configuration: string
  /** The folder of labs that it gets a folder in. Defaults to that of this user. */
  readonly root?: string
}

/** A Prometheus of one's own on 127.0.0.1, which ends with the process that started it. */
export interface PrometheusServer {
  readonly product: string
  /** Such as `http://127.0.0.1:9090`. */
  readonly url: string
  /** Ends it and removes its folder with all that it scraped. May be called twice. */
  remove(): Promise<void>
}

const START_WITHIN_MS = 30_000
const GONE_WITHIN_MS = 10_000

/** @throws UnderstudyError `unsupported` with the server's own last words when it does not start. */
export async function startPrometheus(
  program: PrometheusProgram,
  { configuration, root }: StartPrometheusOptions,
): Promise<PrometheusServer> {
  const place = labRoot(root)
  const { ports, release } = await reservePorts(1, portsOfLabs(place))
  const [port = 0] = ports
  const folder = createLabFolder(place, 'prometheus', {
    stays: false,
    nodes: ['prometheus'],
    scheme: 'http',
    product: program.product,
    ports: { prometheus: port },
    settings: {},
  })
  const url = `http://127.0.0.1:${port}`
  let isRemoved = false
  const remove = async (): Promise<void> => {
    if (isRemoved) return
    const identity = folder.read().processes['prometheus']?.identity
    if (identity) {
      signalProcess(identity, 'SIGKILL')
      const isGone = (): true | undefined => processState(identity) === 'gone' || undefined
      await waitUntil(isGone, { what: 'the end of Prometheus', withinMs: GONE_WITHIN_MS })
    }
    isRemoved = true
    rmSync(folder.path, { recursive: true, force: true })
    await release()
  }
  try {
    writeFileSync(folder.at('prometheus.yml'), configuration)
    await run(folder, program, url)
  } catch (error) {
    await remove()
    throw error
  }
  return { product: program.product, url, remove }
}

async function run(folder: LabFolder, { server, product }: PrometheusProgram, url: string): Promise<void> {
  const started = spawnProcess(folder, 'prometheus', {
    file: server,
    args: [
      `--config.file=${folder.at('prometheus.yml')}`,
      `--storage.tsdb.path=${folder.at('data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--log.level=warn',
    ],
  })
  let ended: string | undefined
  void started.ended.then((how) => (ended = how))
  const isReady = async (): Promise<true | undefined> => {
    if (ended !== undefined) throw new UnderstudyError('unsupported', `it ended with ${ended}`)
    const answer = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok || undefined
  }
  await waitUntil(isReady, { what: 'Prometheus', withinMs: START_WITHIN_MS, everyMs: 50 }).catch(
    async (error: unknown) => {
      const said = await lastMeaningfulLine(folder.log('prometheus'))
      const what = `${product} did not start (${messageOf(error)})`
      throw new UnderstudyError('unsupported', said === undefined ? what : `${what}: ${said}`)
    },
  )
}

/** The thread of `writeDrillFilesApart`: it gets its options, and answers once. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { readHistory } from '../../drill/history-file.ts'
import { UnderstudyError } from '../../errors.ts'
import { type DrillFilesAnswer, type DrillFilesOptions, EVENTS_FILE, writeDrillFiles } from './files.ts'

async function answer(options: DrillFilesOptions): Promise<DrillFilesAnswer> {
  try {
    const { events } = await readHistory(join(options.out, EVENTS_FILE))
    return { result: writeDrillFiles(events, options) }
  } catch (error) {
    // An error loses its class on the way.
    if (error instanceof UnderstudyError) return { failed: { code: error.code, message: error.message } }
    throw error
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
parentPort?.postMessage(await answer(workerData as DrillFilesOptions))

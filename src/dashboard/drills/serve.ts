import { Readable } from 'node:stream'
import type { DrillShelf } from './shelf.ts'
import { FILE_POLICY, reportPolicy } from './policy.ts'
import { servedAs } from './served-files.ts'
import { readHead } from './shelf-file.ts'

// The policy of a report stands in its first lines.
const HEAD_BYTES = 16 * 1024

/**
 * One file of the shelf as it is; undefined where it has none of this name, or it is not for showing.
 *
 * @param withBody false where only the headers are wanted: a body that nobody reads would hold the file open.
 */
export async function serveFile(
  shelf: DrillShelf,
  steps: readonly string[],
  withBody: boolean,
): Promise<Response | undefined> {
  const name = steps.at(-1) ?? ''
  const kind = servedAs(name)
  const file = kind && (await shelf.open(steps))
  if (!kind || !file) return undefined
  const { handle, size } = file
  const isReport = kind.type.startsWith('text/html')
  try {
    const headers: Record<string, string> = {
      'content-type': kind.type,
      'content-length': String(size),
      'content-security-policy': isReport ? reportPolicy(await readHead(file, HEAD_BYTES)) : FILE_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    }
    if (kind.shown !== true) headers['content-disposition'] = `attachment; filename="${downloadName(steps)}"`
    if (size === 0 || !withBody) {
      await handle.close()
      return new Response(null, { headers })
    }
    // No further than now: the history of a running drill grows meanwhile. The stream closes the file.
    const stream = handle.createReadStream({ start: 0, end: size - 1 })
    return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, { headers })
  } catch (error) {
    await handle.close().catch(() => undefined)
    throw error
  }
}

/** `20260301-101500-embedded-kill-events.jsonl`: of several in one folder of downloads each says what it is of. */
function downloadName(steps: readonly string[]): string {
  return steps
    .join('-')
    .replaceAll(/[^\w.-]+/g, '_')
    .slice(-200)
}

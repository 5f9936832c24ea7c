import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { atTheEnd } from './at-the-end.ts'

/** An empty folder, which goes after the test, or with the process where no test is given. */
export function temporaryFolder(name: string, context?: Pick<TestContext, 'after'>): string {
  return emptyFolder(join(tmpdir(), `understudy-${name}-`), context)
}

/** The same, where `prefix` says what its path begins with. */
export function emptyFolder(prefix: string, context?: Pick<TestContext, 'after'>): string {
  const path = mkdtempSync(prefix)
  const remove = (): void => rmSync(path, { recursive: true, force: true })
  const callOff = atTheEnd(remove)
  context?.after(() => {
    callOff()
    remove()
  })
  return path
}

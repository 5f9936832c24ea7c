import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { emptyFolder } from '../support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * A copy of an example that runs on the sources in place of the installed package. Inside the project, so
 * that its dependencies are found.
 */
export function exampleScript(name: string, context: { after: (action: () => void) => void }): string {
  const text = readFileSync(join(ROOT, 'examples', name), 'utf8')
  const script = join(emptyFolder(join(ROOT, 'test', '.example-'), context), name)
  mkdirSync(dirname(script), { recursive: true })
  writeFileSync(script, text.replace("'understudy-mq'", JSON.stringify(join(ROOT, 'src', 'index.ts'))))
  return script
}

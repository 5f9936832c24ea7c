import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { emptyFolder } from '../support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Context {
  after(action: () => void): void
}

/**
 * A copy of an example that runs on the sources in place of the installed package. Inside the project, so
 * that its dependencies are found.
 */
export function exampleScript(name: string, context: Context): string {
  const script = join(emptyFolder(join(ROOT, 'test', '.example-'), context), name)
  mkdirSync(dirname(script), { recursive: true })
  writeFileSync(script, onSources(readFileSync(join(ROOT, 'examples', name), 'utf8')))
  return script
}

/** The same of an example of several files; returns the folder. */
export function exampleFolder(name: string, context: Context): string {
  const folder = join(emptyFolder(join(ROOT, 'test', '.example-'), context), name)
  cpSync(join(ROOT, 'examples', name), folder, { recursive: true })
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.ts'))) {
    const script = join(folder, file)
    writeFileSync(script, onSources(readFileSync(script, 'utf8')))
  }
  return folder
}

function onSources(text: string): string {
  return text.replace("'understudy-mq'", JSON.stringify(join(ROOT, 'src', 'index.ts')))
}

import { open } from 'node:fs/promises'
import { Command } from 'commander'
import { fileProblem } from '../../../folder.ts'
import { Exit, EXIT } from '../../exit-code.ts'
import {
  failures,
  type FailuresContext,
  onFailures,
  queryOf,
  type StoredOptions,
  withFailures,
} from './failures-context.ts'

interface ExportOptions extends StoredOptions {
  readonly out?: string
}

/** `failures export`: a line of JSON for each. */
export function exportCommand(context: FailuresContext): Command {
  const command = new Command('export')
    .description('print each failure as one line of JSON, arguments in base64, the latest first')
    .argument('[query...]', 'which failures; all when not given')
    .option('--out <file>', 'write them to a file')
  const lines = ['understudy failures export > failures.jsonl', "understudy failures export 'age>30d' --out old.jsonl"]
  return onFailures(command, lines).action(async (words: readonly string[], options: ExportOptions) => {
    const query = queryOf(context, words)
    await withFailures(context, options, async (desk) => {
      const { terminal } = context
      const file = options.out === undefined ? undefined : await newFile(options.out)
      let count = 0
      for await (const line of desk.export(query)) {
        if (terminal.interrupted.aborted) break
        count++
        if (file === undefined) terminal.out(`${line}\n`)
        else await file.write(`${line}\n`)
      }
      await file?.end()
      terminal.err(`${failures(count)} written\n`)
      if (terminal.interrupted.aborted) throw new Exit(EXIT.interrupted)
    })
  })
}

interface NewFile {
  write(text: string): Promise<void>
  end(): Promise<void>
}

/** A file that was not there before: an export overwrites nothing. */
async function newFile(path: string): Promise<NewFile> {
  const attempt = async <Value>(what: Promise<Value>): Promise<Value> => {
    try {
      return await what
    } catch (error) {
      throw new Exit(EXIT.badArguments, `--out ${path} cannot be written: ${fileProblem(error)}`)
    }
  }
  const file = await attempt(open(path, 'wx'))
  return {
    write: (text) => attempt(file.writeFile(text)),
    end: () => attempt(file.close()),
  }
}

import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { fileProblem } from '../../../folder.ts'
import type { FailureEdit } from '../../../jobs/failures/edit.ts'
import { Exit, EXIT } from '../../exit-code.ts'
import { brokersAt } from '../broker-words.ts'
import { header } from '../../arguments/repeated-option.ts'
import { jsonValue } from '../../arguments/json.ts'
import { brokerWaitOption } from '../../with-connection.ts'
import { actorOption } from '../open-stores.ts'
import {
  failureOf,
  type FailuresContext,
  onFailures,
  type StoredOptions,
  withFailuresAndBrokers,
} from './failures-context.ts'

interface EditOptions extends StoredOptions {
  readonly args?: string
  readonly argsFile?: string
  readonly contentType?: string
  readonly header?: Readonly<Record<string, string>>
  readonly queue?: string
  readonly actor?: string
  readonly brokerWait: number
}

/** `failures edit`: sends one failed job with something changed. */
export function editCommand(context: FailuresContext): Command {
  const command = new Command('edit')
    .description('send one failed job with other arguments, headers or to another queue, as a new job')
    .argument('<id>', 'the id of the failure, or the beginning of it')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <id> <uri>')
    .option('--args <json>', 'other arguments')
    .option('--args-file <file>', 'other arguments, the bytes of a file')
    .option('--content-type <type>', 'of the file; as it was when not given')
    .option('--header <name=value>', 'headers in place of those that it had; may be repeated', header)
    .option('--queue <name>', 'another queue')
    .addOption(actorOption())
    .addOption(brokerWaitOption())
  const lines = [
    `understudy failures edit 5d0c2f71.0 amqp://localhost --args '{"id":7,"size":200}'`,
    'understudy failures edit 5d0c2f71.0 amqp://localhost --queue images.slow',
  ]
  return onFailures(command, lines, ['UNDERSTUDY_URI']).action(
    async (id: string, uri: string | undefined, options: EditOptions) => {
      await edit(id, brokersAt(uri), options, context)
    },
  )
}

async function edit(id: string, uri: string, options: EditOptions, context: FailuresContext): Promise<void> {
  const change = await editOf(options)
  if (Object.keys(change).length === 0)
    throw new Exit(EXIT.badArguments, 'what is to change? --args, --args-file, --header or --queue; else use retry')
  await withFailuresAndBrokers(context, uri, options, async (app) => {
    const failure = await failureOf(app.failures, id)
    const { actor } = options
    const jobId = await app.failures.edit(failure.id, change, actor === undefined ? {} : { actor })
    context.terminal.out(options.json ? `${JSON.stringify({ id: failure.id, jobId })}\n` : `${jobId}\n`)
  })
}

async function editOf({ args, argsFile, contentType, header: headers, queue }: EditOptions): Promise<FailureEdit> {
  if (args !== undefined && argsFile !== undefined)
    throw new Exit(EXIT.badArguments, '--args and --args-file both say what the arguments are')
  if (contentType !== undefined && argsFile === undefined)
    throw new Exit(EXIT.badArguments, '--content-type goes with --args-file')
  return {
    ...(args === undefined ? {} : { args: jsonBytes(args), contentType: 'application/json' }),
    ...(argsFile === undefined ? {} : { args: await bytesOf(argsFile) }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(headers === undefined ? {} : { headers }),
    ...(queue === undefined ? {} : { queue }),
  }
}

function jsonBytes(text: string): Uint8Array {
  return Buffer.from(JSON.stringify(jsonValue('--args', text)))
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new Exit(EXIT.badArguments, `--args-file ${path} cannot be read: ${fileProblem(error)}`)
  }
}

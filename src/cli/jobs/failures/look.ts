import { Command } from 'commander'
import type { AuditEntry } from '../../../jobs/failures/store.ts'
import { age } from '../age.ts'
import { failureJson } from './failure-json.ts'
import { failureDetails, failureTable, groupTable } from './failure-text.ts'
import { textTable } from '../../terminal/text-table.ts'
import {
  failureOf,
  failures,
  type FailuresContext,
  onFailures,
  queryOf,
  type StoredOptions,
  withFailures,
} from './failures-context.ts'
import { wholeNumber } from '../../arguments/whole-number.ts'

interface PageOptions extends StoredOptions {
  readonly limit: number
  readonly after?: string
}

const QUERY_EXAMPLE = `'error:"ECONNREFUSED" job:image.* age<2h'`

/** `failures list` and `failures search`: the same, but that a search says what for. */
export function listCommand(context: FailuresContext): Command {
  return listing(context, 'list', '[query...]', 'kept failures, the latest first', [
    'understudy failures list',
    'understudy failures list job:image.resize --limit 100 --failures mysql://user:password@db/jobs',
  ])
}

export function searchCommand(context: FailuresContext): Command {
  return listing(context, 'search', '<query...>', 'find kept failures, the latest first', [
    `understudy failures search ${QUERY_EXAMPLE}`,
    `understudy failures search 'class:TypeError NOT queue:low' --json`,
  ])
}

function listing(
  context: FailuresContext,
  name: string,
  argument: string,
  description: string,
  lines: readonly string[],
): Command {
  const command = new Command(name)
    .description(description)
    .argument(argument, 'such as error:"ECONNREFUSED" job:image.* age<2h')
    .option('--limit <n>', 'how many', wholeNumber(1, 1000), 20)
    .option('--after <cursor>', 'go on where the page before ended')
  return onFailures(command, lines).action(async (words: readonly string[], options: PageOptions) => {
    const query = queryOf(context, words)
    await withFailures(context, options, async (desk) => {
      const { limit, after } = options
      const found = await desk.search(query, { limit, ...(after === undefined ? {} : { after }) })
      const total = await desk.count(query)
      const { terminal, width } = context
      if (options.json) {
        const document = { total, failures: found.failures.map(failureJson), next: found.next ?? null }
        terminal.out(`${JSON.stringify(document, null, 2)}\n`)
        return
      }
      if (found.failures.length > 0) terminal.out(failureTable(found.failures, Date.now(), width))
      const next = found.next === undefined ? '' : `; the next with --after ${found.next}`
      const shown = found.failures.length < total ? `${found.failures.length} of ${failures(total)}` : failures(total)
      terminal.err(`${shown}${next}\n`)
    })
  })
}

/** `failures show`. */
export function showCommand(context: FailuresContext): Command {
  const command = new Command('show')
    .description('all that is known of one failure')
    .argument('<id>', 'its id, or the beginning of it')
  const lines = ['understudy failures show 5d0c2f71.0', 'understudy failures show 5d0c2f71 --json']
  return onFailures(command, lines).action(async (id: string, options: StoredOptions) => {
    await withFailures(context, options, async (desk) => {
      const failure = await failureOf(desk, id)
      const { terminal } = context
      terminal.out(
        options.json ? `${JSON.stringify(failureJson(failure), null, 2)}\n` : failureDetails(failure, Date.now()),
      )
    })
  })
}

/** `failures groups`. */
export function groupsCommand(context: FailuresContext): Command {
  const command = new Command('groups')
    .description('kept failures by their cause, the largest group first')
    .argument('[query...]', 'which failures; all when not given')
    .option('--limit <n>', 'how many groups', wholeNumber(1, 1000), 20)
  const lines = ['understudy failures groups', "understudy failures groups 'status:failed age<1d' --json"]
  return onFailures(command, lines).action(async (words: readonly string[], options: PageOptions) => {
    const query = queryOf(context, words)
    await withFailures(context, options, async (desk) => {
      const groups = await desk.groups(query, { limit: options.limit })
      const { terminal, width } = context
      if (options.json) terminal.out(`${JSON.stringify({ groups }, null, 2)}\n`)
      else if (groups.length === 0) terminal.err('no failures\n')
      else terminal.out(groupTable(groups, Date.now(), width))
    })
  })
}

/** `failures audit`. */
export function auditCommand(context: FailuresContext): Command {
  const command = new Command('audit')
    .description('who did what with kept failures, the latest first')
    .option('--limit <n>', 'how many entries', wholeNumber(1, 1000), 20)
  const lines = ['understudy failures audit', 'understudy failures audit --limit 1000 --json']
  return onFailures(command, lines).action(async (options: PageOptions) => {
    await withFailures(context, options, async (desk) => {
      const entries = await desk.audits({ limit: options.limit })
      const { terminal, width } = context
      if (options.json) terminal.out(`${JSON.stringify({ audit: entries }, null, 2)}\n`)
      else if (entries.length === 0) terminal.err('nothing was done yet\n')
      else terminal.out(auditTable(entries, width))
    })
  })
}

function auditTable(entries: readonly AuditEntry[], width: number): string {
  const now = Date.now()
  return textTable(
    [
      { title: 'AGE', align: 'right' },
      { title: 'WHO', most: 24 },
      { title: 'DID', most: 10 },
      { title: 'COUNT', align: 'right' },
      { title: 'TO WHAT' },
    ],
    entries.map(({ at, actor, action, count, target }) => [age(at, now), actor, action, String(count), target]),
    width,
  )
}

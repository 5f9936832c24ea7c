import { Command } from 'commander'
import { examples } from '../examples.ts'
import { collectCommand, reconcileCommand } from '../jobs/failures/collect.ts'
import { discardCommand, removeCommand } from '../jobs/failures/drop.ts'
import { editCommand } from '../jobs/failures/edit.ts'
import { exportCommand } from '../jobs/failures/export.ts'
import type { FailuresContext } from '../jobs/failures/failures-context.ts'
import { auditCommand, groupsCommand, listCommand, searchCommand, showCommand } from '../jobs/failures/look.ts'
import { retryCommand } from '../jobs/failures/send-back.ts'

/** All about kept failures. */
export function failuresCommand(context: FailuresContext): Command {
  const command = new Command('failures')
    .description('search what failed, and send it back')
    .addHelpText(
      'after',
      examples(
        [
          "understudy failures search 'error:ECONNREFUSED age<2h'",
          'understudy failures show 5d0c2f71-0d0e-4c0b-9a55-6f4c2a6f7a10.0',
          "understudy failures retry 'job:image.* age<2h' amqp://localhost --canary 5",
        ],
        ['UNDERSTUDY_FAILURES', 'UNDERSTUDY_URI'],
      ),
    )
  for (const make of [
    listCommand,
    searchCommand,
    groupsCommand,
    showCommand,
    retryCommand,
    editCommand,
    removeCommand,
    discardCommand,
    exportCommand,
    collectCommand,
    reconcileCommand,
    auditCommand,
  ])
    command.addCommand(make(context))
  return command
}

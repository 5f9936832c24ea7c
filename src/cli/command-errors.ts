import { type Command, CommanderError } from 'commander'
import { plainLine } from './terminal/text-table.ts'

/**
 * An option that is misspelt is told as that, and not as the one that is missing: commander looks first at what is
 * mandatory.
 */
export function missingAfterUnknown(command: Command): void {
  const mandatory = command.options.filter((option) => option.mandatory)
  if (mandatory.length === 0) return
  for (const option of mandatory) option.makeOptionMandatory(false)
  command.hook('preAction', () => {
    const missing = mandatory.find((option) => command.getOptionValue(option.attributeName()) === undefined)
    if (missing === undefined) return
    const message = `required option '${missing.flags}' not specified`
    command.error(message, { code: 'commander.missingMandatoryOptionValue' })
  })
}

/** Where to read on, after what was missing or unknown. */
const READ_ON: Readonly<Record<string, string>> = {
  'commander.missingArgument': 'shows how it is called',
  'commander.missingMandatoryOptionValue': 'shows how it is called',
  'commander.optionMissingArgument': 'shows how it is called',
  'commander.excessArguments': 'shows how it is called',
  'commander.unknownCommand': 'lists the commands',
  'commander.unknownOption': 'lists the options',
}

/** What commander says of a value that will not do, in the words of all other errors. */
export function inOwnWords(error: CommanderError, command: Command): CommanderError {
  const line = error.message.trimEnd().replace(/\.$/, '')
  const told = (message: string): CommanderError => new CommanderError(error.exitCode, error.code, message)
  if (error.code === 'commander.invalidArgument') return told(ofValue(line))
  const readOn = READ_ON[error.code]
  if (readOn === undefined) return error
  const path: string[] = []
  for (let each: Command | null = command; each !== null; each = each.parent) path.unshift(each.name())
  return told(`${line}; \`${path.join(' ')} --help\` ${readOn}`)
}

const OF_OPTION = /option '(\S+)[^']*' (?:argument|value) '(.*?)' (?:from env '(\w+)' )?is invalid\. (.*)$/s
const OF_ARGUMENT = /command-argument value '(.*)' is invalid for argument '([^']+)'\. (.*)$/s

function ofValue(line: string): string {
  const [, option, given, variable, why] = OF_OPTION.exec(line) ?? []
  if (given !== undefined && why !== undefined) return wrong(variable ?? `option ${option}`, given, why)
  const [, value, name, reason] = OF_ARGUMENT.exec(line) ?? []
  return value === undefined || name === undefined || reason === undefined ? line : wrong(name, value, reason)
}

function wrong(what: string, value: string, why: string): string {
  const said = why
    .replace(/^Allowed choices are/, 'it must be one of')
    .replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
  return `${what}: ${plainLine(JSON.stringify(value))} will not do; ${said}`
}

import type { Command } from 'commander'

/** Help that names arguments as a command's own usage does, and defaults as they are typed. */
export function plainHelp(command: Command): void {
  command.configureHelp({
    subcommandTerm: (sub) => `${sub.name()} ${sub.usage()}`.replace(' [options]', '').trimEnd(),
  })
  for (const option of command.options) {
    if (typeof option.defaultValue === 'string') option.defaultValueDescription ??= option.defaultValue
  }
}

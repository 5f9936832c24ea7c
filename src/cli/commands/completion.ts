import { Argument, Command } from 'commander'
import { complete } from '../completion/complete.ts'
import { type CompletionLabs, placesOf } from '../completion/places.ts'
import { answer, script, type Shell, SHELLS, wordsFrom } from '../completion/shells.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** Prints what a shell runs once, so that Tab knows this program's words. */
export function completionCommand(terminal: Terminal): Command {
  return new Command('completion')
    .description('print what makes Tab complete commands, options, labs and faults in your shell')
    .addArgument(new Argument('<shell>', 'whose it is').choices(SHELLS))
    .addHelpText(
      'after',
      `${examples([
        'source <(understudy completion bash)                 # in ~/.bashrc',
        'source <(understudy completion zsh)                  # in ~/.zshrc, after compinit',
        'understudy completion fish | source                  # in ~/.config/fish/config.fish',
      ])}

Where it is installed in a project alone, this line before makes it known by its name in bash and zsh:
  understudy() { npx understudy "$@"; }`,
    )
    .action((shell: Shell) => terminal.out(script(shell)))
}

/** What the shells ask at every Tab; not for people. */
export function completeCommand(terminal: Terminal, labs: CompletionLabs, networkFaults: readonly string[]): Command {
  return new Command('complete')
    .description('print what may stand in place of the last word')
    .addArgument(new Argument('<shell>', 'who asks').choices(SHELLS))
    .argument('[words...]', 'the command line without the program, up to the cursor')
    .action((shell: Shell, words: readonly string[], _options: unknown, command: Command) => {
      const { parent } = command
      if (parent === null) return
      terminal.out(answer(shell, complete(parent, wordsFrom(shell, words), placesOf(labs, networkFaults))))
    })
}

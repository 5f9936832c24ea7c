import type { Completion } from './complete.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/**
 * What a shell runs once, so that it asks this program at every Tab. It calls what was typed, be it a path or a
 * function of the user's, so that it is always this program that answers.
 */
export function script(shell: Shell): string {
  return SCRIPTS[shell]
}

/**
 * The words as commander has them. Bash takes `--lab=embedded` for three words, as it does with every `=` and `:`,
 * and fills in the last of them alone.
 */
export function wordsFrom(shell: Shell, words: readonly string[]): readonly string[] {
  if (shell !== 'bash') return words
  const joined: string[] = []
  for (const word of words) {
    const last = joined.at(-1)
    const goesOn = last?.startsWith('--') === true && (word === '=' || last.endsWith('='))
    if (goesOn) joined[joined.length - 1] = `${last}${word}`
    else joined.push(word)
  }
  return joined
}

/** One line for each word, its meaning after a tab, and last what the shell itself shall look up. */
export function answer(shell: Shell, { candidates, files }: Completion): string {
  const lines = candidates.map(({ word, about }) => {
    const value = shell === 'bash' ? word.replace(/^--[^=]+=/, '') : word
    return shell === 'bash' || about === '' ? value : `${value}\t${oneLine(about)}`
  })
  return `${[...lines, `:${files}`].join('\n')}\n`
}

// A list of completions is a narrow table.
const LONGEST = 72

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1).trimEnd()}…`
}

// Also for the bash 3.2 of macOS: no mapfile, and a compopt that may be missing.
const BASH = `# Completion of understudy for bash.
_understudy() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line words=()
  while IFS= read -r line; do
    words+=("$line")
  done < <("\${COMP_WORDS[0]}" complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=()
  [ "\${#words[@]}" -gt 0 ] || return 0
  [ "$current" = "=" ] && current=""
  for line in "\${words[@]}"; do
    case "$line" in
      :files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
        ;;
      :folders)
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current")
        ;;
      :*) ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done
}
complete -F _understudy understudy
`

const ZSH = `#compdef understudy
# Completion of understudy for zsh.
_understudy() {
  local line
  local -a described
  for line in "\${(@f)$("\${words[1]}" complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      :files) compset -P '--*='; _files ;;
      :folders) compset -P '--*='; _files -/ ;;
      :*) ;;
      *$'\\t'*) described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) described+=("\${line//:/\\\\:}") ;;
    esac
  done
  (( \${#described} )) && _describe understudy described
}
if [ "\${funcstack[1]}" = _understudy ]; then _understudy "$@"; else compdef _understudy understudy; fi
`

const FISH = `# Completion of understudy for fish.
function __understudy_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l option (string match -r -- '^--[^=]+=' $current)
    set -l value (string replace -r -- '^--[^=]+=' '' $current)
    for line in ($before[1] complete fish -- $before[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':files'
                for each in (__fish_complete_path $value)
                    echo "$option$each"
                end
            case ':folders'
                for each in (__fish_complete_directories $value)
                    echo "$option$each"
                end
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c understudy -f -a '(__understudy_complete)'
`

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH }

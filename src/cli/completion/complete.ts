import type { Argument, Command, Option } from 'commander'

/** A word that may stand where the cursor is, and what it means. */
interface Candidate {
  readonly word: string
  /** One line; empty for a word that speaks for itself. */
  readonly about: string
}

/** What may stand where the cursor is: words, and names that the shell looks up by itself. */
export interface Completion {
  readonly candidates: readonly Candidate[]
  readonly files: 'none' | 'files' | 'folders'
}

/** A place in the command line that takes a value, and what was said before it. */
export interface Place {
  readonly command: Command
  /** An option's value, or one of the command's arguments. */
  readonly slot: Option | Argument
  /** What was given for an option of this command, by its long name, such as `--lab`. */
  readonly given: ReadonlyMap<string, string>
}

/** What a place takes beyond the choices that it names itself; undefined for what only the user knows. */
export type WordsOfPlace = (place: Place) => Completion | undefined

const NOTHING: Completion = { candidates: [], files: 'none' }

/**
 * What may stand in place of the last of `words`, which the cursor is in; it is empty where nothing was typed yet.
 * The words before it are read as commander reads them, and one that it would refuse leaves nothing to offer.
 */
export function complete(root: Command, words: readonly string[], wordsOfPlace: WordsOfPlace): Completion {
  const current = words.at(-1) ?? ''
  const place = walk(root, words.slice(0, -1))
  if (place === undefined) return NOTHING
  const { command, expecting, operands, given, isPastDashes } = place
  const valuesOf = (slot: Option | Argument): Completion => {
    if (slot.argChoices !== undefined) return { candidates: slot.argChoices.map(bare), files: 'none' }
    return wordsOfPlace({ command, slot, given }) ?? NOTHING
  }

  if (expecting?.required === true) return startingWith(valuesOf(expecting), current)
  if (!isPastDashes && current.startsWith('-')) {
    const [name, value] = split(current)
    if (value === undefined) return startingWith({ candidates: optionsOf(command), files: 'none' }, current)
    const option = optionNamed(command, name)
    if (option === undefined || option.isBoolean()) return NOTHING
    const { candidates, files } = startingWith(valuesOf(option), value)
    return { candidates: candidates.map(({ word, about }) => ({ word: `${name}=${word}`, about })), files }
  }
  const found = [
    ...(expecting === undefined ? [] : [valuesOf(expecting)]),
    { candidates: operands.length === 0 ? subcommandsOf(command) : [], files: 'none' } as const,
    ...argumentAt(command, operands.length).map(valuesOf),
  ]
  const files = found.find((each) => each.files !== 'none')?.files ?? 'none'
  const all = startingWith({ candidates: found.flatMap(({ candidates }) => candidates), files }, current)
  // Where only options can follow, they are what one asks for.
  const isStuck = all.candidates.length === 0 && files === 'none' && current === '' && !isPastDashes
  return isStuck ? { candidates: optionsOf(command), files } : all
}

interface Walked {
  readonly command: Command
  /** The option whose value comes next, or may. */
  readonly expecting: Option | undefined
  readonly operands: readonly string[]
  readonly given: ReadonlyMap<string, string>
  readonly isPastDashes: boolean
}

/** Where one is after these words; undefined where no command would take them. */
function walk(root: Command, words: readonly string[]): Walked | undefined {
  let command = root
  let expecting: Option | undefined
  let isPastDashes = false
  const operands: string[] = []
  const given = new Map<string, string>()
  for (const word of words) {
    if (expecting !== undefined && (expecting.required || !word.startsWith('-'))) {
      given.set(expecting.long ?? '', word)
      expecting = undefined
      continue
    }
    expecting = undefined
    if (!isPastDashes && word === '--') isPastDashes = true
    else if (!isPastDashes && word.startsWith('-')) {
      const [name, value] = split(word)
      const option = optionNamed(command, name)
      if (option === undefined) return undefined
      given.set(option.long ?? '', value ?? '')
      if (value === undefined && !option.isBoolean()) expecting = option
    } else if (command.commands.length > 0) {
      // `help` is followed by the name of a command, as nothing is.
      if (word === 'help') continue
      const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word))
      if (next === undefined) return undefined
      command = next
      given.clear()
    } else operands.push(word)
  }
  return { command, expecting, operands, given, isPastDashes }
}

function split(word: string): readonly [string, string | undefined] {
  const at = word.indexOf('=')
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

function optionNamed(command: Command, name: string): Option | undefined {
  return command
    .createHelp()
    .visibleOptions(command)
    .find(({ long, short }) => long === name || short === name)
}

function optionsOf(command: Command): readonly Candidate[] {
  const options = command.createHelp().visibleOptions(command)
  return options.map(({ long, short, description }) => ({ word: long ?? short ?? '', about: description }))
}

function subcommandsOf(command: Command): readonly Candidate[] {
  const commands = command.createHelp().visibleCommands(command)
  return commands.map((each) => ({ word: each.name(), about: each.description() }))
}

/** The argument that comes after so many; the last one again where it takes several. */
function argumentAt({ registeredArguments }: Command, index: number): readonly Argument[] {
  const last = registeredArguments.at(-1)
  const found = registeredArguments[index] ?? (last?.variadic ? last : undefined)
  return found === undefined ? [] : [found]
}

function bare(word: string): Candidate {
  return { word, about: '' }
}

function startingWith({ candidates, files }: Completion, text: string): Completion {
  return { candidates: candidates.filter(({ word }) => word.startsWith(text)), files }
}

import { Option } from 'commander'
import type { Completion, Place, WordsOfPlace } from './complete.ts'

/** The labs as completion needs them. */
export interface CompletionLabs {
  list(): readonly { readonly name: string; readonly description: string }[]
  /** @throws for a lab that there is not. */
  faultNames(lab: string): readonly string[]
  running(): readonly { readonly id: string; readonly name: string; readonly usable: boolean }[]
  /** @throws where there is none, or more than one. */
  attach(nameOrId?: string): { readonly nodes: readonly { readonly name: string }[] }
}

/** Placeholders, in the help of options and arguments, that stand for a file or for a folder. */
const FILES: ReadonlySet<string> = new Set(['file', 'plan', 'events', 'store', 'a', 'b'])
const FOLDERS: ReadonlySet<string> = new Set(['folder'])

/** Labs, faults and brokers where they are asked for, and files where a file is. */
export function placesOf(labs: CompletionLabs, networkFaults: readonly string[]): WordsOfPlace {
  const all = (): Completion => words(labs.list().map(({ name, description }) => ({ word: name, about: description })))
  const running = (): Completion =>
    words(labs.running().flatMap(({ id, name, usable }) => (usable ? [{ word: id, about: name }] : [])))

  return ({ command, slot, given }) => {
    const name = placeholder(slot)
    const inLab = command.parent?.name() === 'lab'
    if (slot instanceof Option && slot.long === '--fault') return words(faults(given).map(bare))
    if (slot instanceof Option && slot.long === '--lab') return inLab ? running() : all()
    if (inLab && name === 'node') return words(nodes(given.get('--lab')).map(bare))
    if (inLab && name === 'name') return command.name() === 'up' ? all() : running()
    if (command.name() === 'doctor' && name === 'target') {
      return words([...all().candidates, ...running().candidates])
    }
    if (FILES.has(name)) return { candidates: [], files: 'files' }
    if (FOLDERS.has(name)) return { candidates: [], files: 'folders' }
    return undefined
  }

  /** What the lab that is named can suffer; with brokers of one's own, what can be done to the path to them. */
  function faults(given: Place['given']): readonly string[] {
    if (given.has('--uri')) return networkFaults
    return [...quietly(() => labs.faultNames(given.get('--lab') ?? 'embedded')), ...networkFaults]
  }

  function nodes(lab: string | undefined): readonly string[] {
    return quietly(() => labs.attach(lab).nodes.map(({ name }) => name))
  }
}

/** What stands between the brackets: `file` of `--jobs <file>`. */
function placeholder(slot: Place['slot']): string {
  if (!(slot instanceof Option)) return slot.name()
  return /[<[]([^\]>.]+)/.exec(slot.flags)?.[1] ?? ''
}

/** Nothing, where there is nothing to be read: whoever completes a line is not told why. */
function quietly(read: () => readonly string[]): readonly string[] {
  try {
    return read()
  } catch {
    return []
  }
}

function bare(word: string): Completion['candidates'][number] {
  return { word, about: '' }
}

function words(candidates: Completion['candidates']): Completion {
  return { candidates, files: 'none' }
}

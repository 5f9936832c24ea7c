/** Whether a name is a pattern: one of its words, taken apart at dots, is `*` or `#`. */
export function isPattern(name: string): boolean {
  return /(?:^|\.)[*#](?:\.|$)/.test(name)
}

/**
 * Values by name or pattern, found by the names that they stand for: `*` stands for one word, `#` for any
 * number of them, none included.
 */
export class PatternMap<T extends object> {
  readonly #exact = new Map<string, T>()
  readonly #patterns = new Map<string, { readonly words: readonly string[]; readonly value: T }>()

  get size(): number {
    return this.#exact.size + this.#patterns.size
  }

  /** What stands under exactly this name or pattern. */
  get(name: string): T | undefined {
    return this.#exact.get(name) ?? this.#patterns.get(name)?.value
  }

  set(name: string, value: T): void {
    if (isPattern(name)) this.#patterns.set(name, { words: name.split('.'), value })
    else this.#exact.set(name, value)
  }

  delete(name: string): void {
    this.#exact.delete(name)
    this.#patterns.delete(name)
  }

  /** Everything whose name is this one or whose pattern stands for it. */
  matching(name: string): T[] {
    const exact = this.#exact.get(name)
    const found = exact === undefined ? [] : [exact]
    if (this.#patterns.size === 0) return found
    const words = name.split('.')
    for (const pattern of this.#patterns.values()) if (matches(pattern.words, words)) found.push(pattern.value)
    return found
  }

  *entries(): Iterable<[string, T]> {
    yield* this.#exact
    for (const [name, { value }] of this.#patterns) yield [name, value]
  }
}

/** Word by word with all that each `#` may have taken so far, so that many of them cost no more than one. */
function matches(pattern: readonly string[], words: readonly string[]): boolean {
  let reached = new Set([0])
  for (const word of pattern) {
    const next = new Set<number>()
    if (word === '#') {
      for (let at = Math.min(...reached); at <= words.length; at++) next.add(at)
    } else {
      for (const at of reached) if (at < words.length && (word === '*' || word === words[at])) next.add(at + 1)
    }
    if (next.size === 0) return false
    reached = next
  }
  return reached.has(words.length)
}

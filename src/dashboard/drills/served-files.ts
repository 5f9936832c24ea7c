/** How a file is handed out. */
interface ServedAs {
  readonly name: RegExp
  readonly type: string
  /** Whether a browser shows it; it keeps the others in its downloads. */
  readonly shown?: true
}

/** What may be had of a drill's folder, by the file's name, and as what. Brokers' settings may hold passwords. */
const KINDS: readonly ServedAs[] = [
  { name: /^report\.html$/, type: 'text/html; charset=utf-8', shown: true },
  { name: /^events\.jsonl$/, type: 'application/x-ndjson' },
  { name: /^junit\.xml$/, type: 'application/xml' },
  { name: /^(?:result|threshold)\.json$/, type: 'application/json' },
  { name: /\.log$/, type: 'text/plain; charset=utf-8', shown: true },
]

/** As what a file of this name may be had; undefined where it may not. */
export function servedAs(name: string): ServedAs | undefined {
  return KINDS.find((kind) => kind.name.test(name))
}

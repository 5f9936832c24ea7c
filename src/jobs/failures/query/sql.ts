import { UnderstudyError } from '../../../errors.ts'
import { COMPARED_FIELDS, type Comparison, type FailureQuery, type QueryField } from './query.ts'

/** A condition and the values of its question marks, in their order. Values never become a part of the text. */
export interface SqlCondition {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/** The columns that queries look into. */
export type QueryColumn =
  | 'id'
  | 'job_id'
  | 'job'
  | 'queue'
  | 'error_class'
  | 'error_message'
  | 'error_code'
  | 'stack'
  | 'preview'
  | 'reason'
  | 'status'
  | 'worker'
  | 'broker_kind'
  | 'broker_name'
  | 'broker_url'
  | 'fingerprint'
  | 'request_id'
  | 'attempt_count'
  | 'requeues'
  | 'failed_at'

/** The columns of which a store has an index of words. */
export type IndexedColumn = 'job' | 'error_class' | 'error_message' | 'error_code' | 'preview'

/** In what the databases differ. Every value goes through a question mark. */
export interface SqlDialect {
  /** A column as it stands in a condition, such as `f.job`. */
  readonly column: (name: Exclude<QueryColumn, 'stack'>) => string
  /** One of the columns holds these words, next to each other, whatever their case and accents. */
  readonly words: (columns: readonly IndexedColumn[], text: string) => SqlCondition
  /** The column holds these parts, in this order and with anything between them, whatever their case. */
  readonly contains: (column: QueryColumn, parts: readonly string[]) => SqlCondition
  /** The column is these parts, in this order and with anything between them; case matters. */
  readonly matches: (column: QueryColumn, parts: readonly string[]) => SqlCondition
}

const ERROR_COLUMNS = ['error_class', 'error_message', 'error_code'] as const
const FREE_COLUMNS = [...ERROR_COLUMNS, 'preview', 'job'] as const

type ValueField = Exclude<QueryField, 'error' | 'stack' | 'preview' | 'age'>

const COLUMNS_OF: Readonly<Record<ValueField, readonly Exclude<QueryColumn, 'stack'>[]>> = {
  id: ['id'],
  jobId: ['job_id'],
  job: ['job'],
  queue: ['queue'],
  class: ['error_class'],
  code: ['error_code'],
  reason: ['reason'],
  status: ['status'],
  worker: ['worker'],
  broker: ['broker_kind', 'broker_name', 'broker_url'],
  fingerprint: ['fingerprint'],
  requestId: ['request_id'],
  attempts: ['attempt_count'],
  requeues: ['requeues'],
}

const YOUNGER_IS_LATER: Readonly<Record<Comparison, Comparison>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

const ALL: SqlCondition = { sql: '1 = 1', values: [] }
const NONE: SqlCondition = { sql: '1 = 0', values: [] }

/** A query as a condition. `now` is what ages are counted back from, in milliseconds since the epoch. */
export function queryToSql(query: FailureQuery, dialect: SqlDialect, now: number): SqlCondition {
  switch (query.kind) {
    case 'all':
      return ALL
    case 'and':
    case 'or': {
      const parts = query.of.map((part) => queryToSql(part, dialect, now))
      return joined(parts, query.kind === 'and' ? 'AND' : 'OR') ?? (query.kind === 'and' ? ALL : NONE)
    }
    case 'not': {
      const { sql, values } = queryToSql(query.of, dialect, now)
      // What a row has no value for is not met by it, so that the contrary is.
      return { sql: `NOT COALESCE(${sql}, 0)`, values }
    }
    case 'text':
      return textCondition(FREE_COLUMNS, query.text, dialect)
    case 'compare': {
      const { field, comparison, value } = query
      // It becomes a part of the statement, and a tree may be built by anybody.
      if (!Object.hasOwn(YOUNGER_IS_LATER, comparison))
        throw new UnderstudyError(
          'invalid-option',
          `a query compares with < <= > >=, not with ${JSON.stringify(comparison)}`,
        )
      if (field !== 'age')
        return { sql: `${dialect.column(COLUMNS_OF[field][0] ?? 'requeues')} ${comparison} ?`, values: [value] }
      return { sql: `${dialect.column('failed_at')} ${YOUNGER_IS_LATER[comparison]} ?`, values: [now - value] }
    }
    case 'field':
      return fieldCondition(query.field, query.text, dialect)
  }
}

/** Halves of halves: databases bound how deep a condition may nest, and a chain nests at every link. */
function joined(parts: readonly SqlCondition[], operator: 'AND' | 'OR'): SqlCondition | undefined {
  if (parts.length < 2) return parts[0]
  const middle = Math.ceil(parts.length / 2)
  const left = joined(parts.slice(0, middle), operator)
  const right = joined(parts.slice(middle), operator)
  if (!left || !right) return left ?? right
  return { sql: `(${left.sql} ${operator} ${right.sql})`, values: [...left.values, ...right.values] }
}

function fieldCondition(field: QueryField, text: string, dialect: SqlDialect): SqlCondition {
  if (field === 'error') return textCondition(ERROR_COLUMNS, text, dialect)
  if (field === 'preview') return textCondition(['preview'], text, dialect)
  // Stacks are long and alike: an index of their words would be larger than all the rest.
  if (field === 'stack') return dialect.contains('stack', partsOf(text))
  // An age is compared, as a parsed query does; no row is of an age to the millisecond.
  if (field === 'age') return NONE
  const columns = COLUMNS_OF[field].map((column) => valueCondition(field, column, text, dialect))
  return joined(columns, 'OR') ?? NONE
}

function valueCondition(
  field: ValueField,
  column: Exclude<QueryColumn, 'stack'>,
  text: string,
  dialect: SqlDialect,
): SqlCondition {
  const name = dialect.column(column)
  if ((COMPARED_FIELDS as readonly string[]).includes(field)) return { sql: `${name} = ?`, values: [Number(text)] }
  if (text === '') return { sql: `(${name} IS NULL OR ${name} = '')`, values: [] }
  if (text.includes('*')) return dialect.matches(column, partsOf(text))
  return { sql: `${name} = ?`, values: [text] }
}

function textCondition(columns: readonly IndexedColumn[], text: string, dialect: SqlDialect): SqlCondition {
  if (hasWords(text) && !text.includes('*')) return dialect.words(columns, text)
  const parts = partsOf(text)
  return (
    joined(
      columns.map((column) => dialect.contains(column, parts)),
      'OR',
    ) ?? NONE
  )
}

/** Whether an index of words has anything to look for: letters, digits, or what a font of one's own means by them. */
function hasWords(text: string): boolean {
  return /[\p{L}\p{N}\p{Co}]/u.test(text)
}

function partsOf(text: string): readonly string[] {
  return text.split(/\*+/)
}

/** Parts as a pattern for `LIKE ? ESCAPE '!'`: what they hold means itself. */
export function likePattern(parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll(/[!%_]/g, '!$&')).join('%')
}

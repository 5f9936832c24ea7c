import type { FailureQuery, QueryField } from '../../src/jobs/failures/query/query.ts'
import { likePattern, queryToSql, type SqlCondition, type SqlDialect } from '../../src/jobs/failures/query/sql.ts'
import { storedText } from './row.ts'

/** Whether few enough rows have these words that looking them up is faster than going through the latest ones. */
export type IsRare = (match: string) => boolean

/**
 * What SQLite is to begin with. Without statistics, which would be wrong an hour later, it takes any equality for a
 * good beginning, and a status that a million rows share is none.
 *
 * - `few`: with the words, or the id, that few rows have.
 * - `job`: with the job, whose failures are in order in an index.
 * - `any`: it may choose.
 */
type Beginning = 'few' | 'job' | 'any'

const OF_FEW: ReadonlySet<QueryField> = new Set(['id', 'jobId', 'fingerprint'])
const FEW_COLUMNS: ReadonlySet<string> = new Set(['id', 'job_id', 'fingerprint'])

/** A query as a condition on the table `failures`, here `f`. */
export function sqliteCondition(query: FailureQuery, now: number, isRare: IsRare): SqlCondition {
  return queryToSql(query, dialect(beginningOf(query, isRare), isRare), now)
}

function beginningOf(query: FailureQuery, isRare: IsRare): Beginning {
  switch (query.kind) {
    case 'and': {
      const parts = query.of.map((part) => beginningOf(part, isRare))
      return parts.find((part) => part === 'few') ?? parts.find((part) => part === 'job') ?? 'any'
    }
    case 'or':
      return query.of.length > 0 && query.of.every((part) => beginningOf(part, isRare) === 'few') ? 'few' : 'any'
    case 'text':
      return !query.text.includes('*') && isRare(phrase(query.text)) ? 'few' : 'any'
    case 'field': {
      const { field, text } = query
      if (text === '' || text.includes('*')) return 'any'
      if (field === 'error' || field === 'preview') return isRare(phrase(text)) ? 'few' : 'any'
      if (OF_FEW.has(field)) return 'few'
      return field === 'job' ? 'job' : 'any'
    }
    case 'all':
    case 'not':
    case 'compare':
      return 'any'
  }
}

function dialect(beginning: Beginning, isRare: IsRare): SqlDialect {
  // A plus makes an expression of a column, and an index on it none to begin with.
  const column = (name: string): string => {
    const other = beginning === 'few' ? !FEW_COLUMNS.has(name) : beginning === 'job' && name === 'status'
    return other ? `+f.${name}` : `f.${name}`
  }
  return {
    column,
    words: (columns, text) => {
      const words = phrase(text)
      const sql = `${isRare(words) ? '' : '+'}f.n IN (SELECT rowid FROM failure_words WHERE failure_words MATCH ?)`
      return { sql, values: [`{${columns.join(' ')}} : ${words}`] }
    },
    contains: (name, parts) => {
      const pattern = `%${likePattern(parts.map(storedText))}%`
      if (name === 'stack') return inStack(pattern)
      return { sql: `f.${name} LIKE ? ESCAPE '!'`, values: [pattern] }
    },
    matches: (name, parts) => ({
      sql: `${column(name)} GLOB ?`,
      values: [parts.map((part) => storedText(part).replaceAll(/[*?[]/g, '[$&]')).join('*')],
    }),
  }
}

function phrase(text: string): string {
  return `"${storedText(text).replaceAll('"', '""')}"`
}

function inStack(pattern: string): SqlCondition {
  const sql = `EXISTS (SELECT 1 FROM failure_bodies b WHERE b.n = f.n AND b.stack LIKE ? ESCAPE '!')`
  return { sql, values: [pattern] }
}

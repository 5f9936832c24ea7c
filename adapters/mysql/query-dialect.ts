import {
  type IndexedColumn,
  likePattern,
  type QueryColumn,
  type SqlCondition,
  type SqlDialect,
} from '../../src/jobs/failures/query/sql.ts'
import { wordsOf } from './words.ts'

// Both products have it, it knows letters beyond the first plane, and takes no two of them for one.
const ANY_CASE = 'COLLATE utf8mb4_unicode_520_ci'

const WORDS_OF: Readonly<Record<IndexedColumn, string>> = {
  job: 'job_words',
  error_class: 'error_words',
  error_message: 'error_words',
  error_code: 'error_words',
  preview: 'preview_words',
}

/** No word is of such a length: conditions without an index of words, which mean the same. */
export const NO_WORDS: WordLengths = { least: Number.POSITIVE_INFINITY, most: 0 }

/** The lengths of words that the server's index takes. */
export interface WordLengths {
  readonly least: number
  readonly most: number
}

/** Conditions on `understudy_failures`. */
export function mysqlDialect({ least, most }: WordLengths): SqlDialect {
  return {
    column: (name) => name,
    words: (columns, text) => {
      const words = wordsOf(text)
      // The index finds rows that have all of the words somewhere; the pattern, those that have them so.
      const indexed = words.filter((word) => word.length >= least && word.length <= most).map((word) => `+${word}`)
      const pattern = `% ${words.join(' ')} %`
      const likes = [...new Set(columns.map((column) => WORDS_OF[column]))].map((column) => `${column} LIKE ?`)
      const exact = { sql: `(${likes.join(' OR ')})`, values: likes.map(() => pattern) }
      if (indexed.length === 0) return exact
      return {
        sql: `(MATCH (error_words, preview_words, job_words) AGAINST (? IN BOOLEAN MODE) AND ${exact.sql})`,
        values: [indexed.join(' '), ...exact.values],
      }
    },
    contains: (column, parts) => like(text(column), `%${likePattern(parts)}%`),
    matches: (column, parts) => ({ sql: `${bare(column)} LIKE ? ESCAPE '!'`, values: [likePattern(parts)] }),
  }
}

function like(sql: string, pattern: string): SqlCondition {
  return { sql: `${sql} ${ANY_CASE} LIKE ? ESCAPE '!'`, values: [pattern] }
}

function text(column: QueryColumn): string {
  return `CONVERT(${bare(column)} USING utf8mb4)`
}

function bare(column: QueryColumn): string {
  return column === 'stack' ? "JSON_UNQUOTE(JSON_EXTRACT(record, '$.stack'))" : column
}

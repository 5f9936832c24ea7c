import { likePattern, type SqlCondition, type SqlDialect } from '../../src/jobs/failures/query-sql.ts'
import { storedText } from './row.ts'

/** Conditions on the table `failures`, here `f`. */
export const sqliteDialect: SqlDialect = {
  column: (name) => `f.${name}`,
  words: (columns, text) => ({
    // The plus keeps SQLite from looking up every row that has the words where it could go through the latest ones.
    sql: 'f.n IN (SELECT rowid FROM failure_words WHERE failure_words MATCH ?)',
    values: [`{${columns.join(' ')}} : "${storedText(text).replaceAll('"', '""')}"`],
  }),
  contains: (column, parts) => {
    const pattern = `%${likePattern(parts.map(storedText))}%`
    if (column === 'stack') return inStack(pattern)
    return { sql: `f.${column} LIKE ? ESCAPE '!'`, values: [pattern] }
  },
  matches: (column, parts) => ({
    sql: `f.${column} GLOB ?`,
    values: [parts.map((part) => storedText(part).replaceAll(/[*?[]/g, '[$&]')).join('*')],
  }),
}

function inStack(pattern: string): SqlCondition {
  const sql = `EXISTS (SELECT 1 FROM failure_bodies b WHERE b.n = f.n AND b.stack LIKE ? ESCAPE '!')`
  return { sql, values: [pattern] }
}

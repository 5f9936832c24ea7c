import { nameSome } from '../name-some.ts'
import type { Row, Standing } from './comparison.ts'

/** `B is better in a (3 s shorter) and b (2 fewer). B is worse in c (1 more).`; empty where no row says either. */
export function sayStandings<R extends Pick<Row, 'standing'>>(rows: readonly R[], name: (row: R) => string): string {
  const clause = (standing: Standing): string => {
    const named = rows.filter((row) => row.standing === standing).map(name)
    return named.length === 0 ? '' : `B is ${standing} in ${nameSome(named)}.`
  }
  return [clause('better'), clause('worse')].filter(Boolean).join(' ')
}

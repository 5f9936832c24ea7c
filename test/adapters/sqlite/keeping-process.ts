/** Keeps failures one after the other and says the id of each that is kept, until it is killed: FILE. */
import { failure } from '../../../src/testing/failure-store/place.ts'
import { sqliteFailures, sqliteLedger } from '../../../src/stores.ts'

const [file = ''] = process.argv.slice(2)
const store = sqliteFailures(file)
const ledger = sqliteLedger(file)
for (let at = 0; ; at++) {
  await Promise.all([store.keep([failure({ jobId: `j${at}` })]), ledger.finish(`j${at}`)])
  process.send?.(`j${at}`)
}

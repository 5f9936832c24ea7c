import { mysqlResults } from '../../../src/stores.ts'
import { failureStoreSuite } from '../../../src/testing/failure-store/suite.ts'
import { ledgerSuite } from '../../../src/testing/ledger/suite.ts'
import { keptResultsSuite } from '../../../src/testing/results/results-suite.ts'
import { mysqlPlace, ownDatabase, skip } from './place.ts'

failureStoreSuite({ name: 'MariaDB', place: mysqlPlace, skip })
ledgerSuite({ name: 'MariaDB', place: mysqlPlace, skip })

let results: Promise<string> | undefined
keptResultsSuite({
  name: 'MariaDB',
  skip,
  results: async (options) => {
    results ??= ownDatabase()
    return mysqlResults({ uri: await results, ...options })
  },
})

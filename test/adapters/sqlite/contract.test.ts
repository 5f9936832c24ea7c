import { failureStoreSuite } from '../../../src/testing/failure-store/suite.ts'
import { ledgerSuite } from '../../../src/testing/ledger/suite.ts'
import { sqlitePlace } from './place.ts'

failureStoreSuite({ name: 'SQLite', place: sqlitePlace })
ledgerSuite({ name: 'SQLite', place: sqlitePlace })

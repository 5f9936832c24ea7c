import { after } from 'node:test'
import { sqliteResults } from '../../../src/stores.ts'
import { keptResultsSuite } from '../../../src/testing/results/results-suite.ts'
import { ownFolder } from './place.ts'

const folder = ownFolder()
after(() => folder[Symbol.dispose]())

keptResultsSuite({ name: 'SQLite', results: (options) => sqliteResults(folder.file, options) })

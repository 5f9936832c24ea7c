import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { composeFiles } from '../../../infra/compose/configuration.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const FOLDER = fileURLToPath(new URL('../../../infra/compose', import.meta.url))

describe('what the containers are configured with', () => {
  for (const [path, text] of composeFiles(temporaryFolder('compose'))) {
    it(`infra/compose/${path} is what the labs write, too`, () => {
      const file = join(FOLDER, path)
      // After a change of the labs: UNDERSTUDY_UPDATE=1 node --test test/infra/compose/configuration.test.ts
      if (process.env['UNDERSTUDY_UPDATE'] === '1') {
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, text)
      }
      assert.equal(readFileSync(file, 'utf8'), text)
    })
  }
})

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { RowDataPacket } from 'mysql2/promise'
import { withDatabase } from '../../../infra/mariadb/connection.ts'
import { installDatabase } from '../../../infra/mariadb/start-server.ts'
import { createLabFolder } from '../../../infra/labs/lab-folder.ts'
import { newLabRoot } from '../../support/lab-root.ts'
import { mariadbSkip, startMariadb } from '../../support/mariadb.ts'

const SAID = `Installing MariaDB/MySQL system tables in './database' ...
ERROR: 1051  Unknown table 'mysql.tmp_user_sys'
2026-11-21 23:51:29 0 [ERROR] Aborting

Installation of system tables failed!  Examine the logs in
./database for more information.
`

describe('a database of a lab', () => {
  it('that cannot be installed says the first error of the program, and not where else to look', async () => {
    const folder = createLabFolder(newLabRoot('install'), 'mariadb', {
      stays: false,
      nodes: ['database'],
      scheme: 'mysql',
      product: 'MariaDB 0',
      ports: {},
      settings: {},
    })
    const installer = folder.at('installer.sh')
    writeFileSync(installer, `#!/bin/sh\ncat <<'END'\n${SAID}END\nexit 1\n`, { mode: 0o700 })
    const program = { flavour: 'mariadb', product: 'MariaDB 0', server: installer, installer, home: undefined } as const
    await assert.rejects(installDatabase(folder, program, new AbortController().signal), {
      code: 'unsupported',
      message: `MariaDB 0 could not make its data directory (code 1): ERROR: 1051  Unknown table 'mysql.tmp_user_sys'`,
    })
  })

  it('has its temporary tables where no other server removes them', { skip: mariadbSkip() }, async () => {
    const [one, other] = await Promise.all([startMariadb(), startMariadb()])
    try {
      const places = await Promise.all(
        [one, other].map(
          async ({ login }) =>
            await withDatabase(login, async (connection) => {
              const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@tmpdir AS place')
              return String(row?.['place'])
            }),
        ),
      )
      for (const place of places) assert.match(place, /\/database-tmp$/)
      assert.notEqual(places[0], places[1])
    } finally {
      await Promise.all([one.remove(), other.remove()])
    }
  })
})

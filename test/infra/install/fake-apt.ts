import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Machine } from '../../../infra/install/install.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** A machine whose apt-get is a script, and whose service policy is a file in a folder of the test. */
export interface FakeMachine extends Machine {
  /** What apt-get was called with, and what the service policy answered then. */
  calls(): string[]
  readonly folder: string
}

/** `script` is what the fake apt-get does after it has noted its call. */
export function fakeMachine(context: TestContext, script: string, overrides: Partial<Machine> = {}): FakeMachine {
  const folder = temporaryFolder('test', context)
  const aptGet = join(folder, 'apt-get')
  const policy = join(folder, 'policy-rc.d')
  const log = join(folder, 'calls')
  writeFileSync(
    aptGet,
    `#!/bin/sh
if [ -x '${policy}' ]; then '${policy}'; answer=$?; else answer=none; fi
echo "$* | policy $answer | $DEBIAN_FRONTEND" >> '${log}'
${script}
`,
  )
  chmodSync(aptGet, 0o755)
  const done = join(folder, 'done')
  return {
    folder,
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
    missing: () => (existsSync(done) ? [] : [{ what: 'ActiveMQ Classic', package: 'activemq' }]),
    misled: () => undefined,
    find: (program) => (program === 'apt-get' ? aptGet : undefined),
    isRoot: true,
    canSudo: () => false,
    servicePolicy: policy,
    ...overrides,
  }
}

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { missingParts } from '../../../../infra/install/needed-packages.ts'
import { findHaproxy, wrongHaproxyHome } from '../../../../infra/labs/haproxy/installation.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

/** A folder whose `sbin` holds a program that answers `-v` with that line. */
function unpacked(context: TestContext, says: string): { readonly home: string; readonly program: string } {
  const home = temporaryFolder('test', context)
  mkdirSync(join(home, 'sbin'))
  const program = join(home, 'sbin', 'haproxy')
  writeFileSync(program, `#!/bin/sh\n[ "$1" = -v ] && echo '${says}'\n`)
  chmodSync(program, 0o755)
  return { home, program }
}

const NEWER = 'HAProxy version 3.0.11-1 2025/06/02 - https://haproxy.org/'

describe('an installation of HAProxy', () => {
  it('is found where HAPROXY_HOME says, with its version', (context) => {
    const { home, program } = unpacked(context, NEWER)
    assert.deepEqual(findHaproxy({ HAPROXY_HOME: home }), { product: 'HAProxy 3.0.11', program })
    assert.deepEqual(findHaproxy({ HAPROXY_HOME: join(home, 'sbin') }), { product: 'HAProxy 3.0.11', program })
    assert.equal(wrongHaproxyHome({ HAPROXY_HOME: home }), undefined)
  })

  it('is found on PATH', (context) => {
    const { home, program } = unpacked(context, 'HA-Proxy version 1.8.19-1 2019/02/12')
    assert.deepEqual(findHaproxy({ PATH: `/nowhere:${join(home, 'sbin')}` }), { product: 'HAProxy 1.8.19', program })
  })

  it('is looked for nowhere else when HAPROXY_HOME is wrong, which is said and is no missing package', (context) => {
    const nothing = temporaryFolder('test', context)
    assert.equal(findHaproxy({ HAPROXY_HOME: nothing }), undefined)
    assert.match(wrongHaproxyHome({ HAPROXY_HOME: nothing }) ?? '', /^HAPROXY_HOME \(.*\) holds no HAProxy$/)
    assert.equal(wrongHaproxyHome({}), undefined)
  })

  it('is none when the program says nothing that is a version', (context) => {
    const { home } = unpacked(context, 'something else')
    assert.equal(findHaproxy({ HAPROXY_HOME: home }), undefined)
  })

  it('is among what `lab install` installs where it is missing', (context) => {
    const packages = (home: string): string[] =>
      missingParts({ ...process.env, HAPROXY_HOME: home }).map((part) => part.package)
    assert(packages(temporaryFolder('test', context)).includes('haproxy'))
    assert(!packages(unpacked(context, NEWER).home).includes('haproxy'))
  })
})

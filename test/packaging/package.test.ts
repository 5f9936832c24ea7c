import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { before, describe, it, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { labRootFor } from '../support/lab-root.ts'
import { installed, lend, pack, type Packed, ROOT, run, TSC } from './packed.ts'

const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>
}
/** Optional at run time, and needed by what its user imports them for. */
const PEERS = ['prom-client', '@opentelemetry/api', '@redis/client']

describe('the package', () => {
  let packed: Packed
  let project: string | { readonly missing: string }
  before(async () => {
    packed = await pack()
    project = await installed(packed)
  })

  /** The project, or undefined where this machine cannot have one and the test is skipped. */
  function projectFor(context: TestContext): string | undefined {
    if (typeof project === 'string') return project
    context.skip(project.missing)
    return undefined
  }

  it('holds what runs, what is read, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path)
    for (const path of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'docs/guarantees.md',
      'infra/compose.yaml',
    ]) {
      assert(paths.includes(path), `${path} is missing`)
    }
    const allowed = /^(dist|docs|examples)\/|^infra\/(compose\.yaml|compose|grafana|prometheus)(\/|$)|^[\w.]+$/
    assert.deepEqual(
      paths.filter(
        (path) => !allowed.test(path) || /(^|\/)(test|bench|node_modules)\/|\.test\.|^docs\/api\//.test(path),
      ),
      [],
    )
    assert.deepEqual(
      paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.startsWith('examples/')),
      [],
    )
    assert(packed.size < 4 * 1024 * 1024, `${packed.size} bytes`)
  })

  it('holds every file that its compose.yaml mounts or builds from', () => {
    const paths = packed.files.map(({ path }) => path)
    const text = readFileSync(join(ROOT, 'infra/compose.yaml'), 'utf8')
    const { services } = parse(text, { merge: true }) as {
      readonly services: Readonly<Record<string, { readonly volumes?: readonly string[]; readonly build?: string }>>
    }
    const all = Object.values(services)
    const mounted = all.flatMap(({ volumes = [] }) => volumes.flatMap((volume) => volume.split(':', 1)))
    const built = all.flatMap(({ build }) => (build === undefined ? [] : [`${build}/Dockerfile`]))
    // What is no path is the name of a volume.
    const sources = [...mounted.filter((source) => source.startsWith('.')), ...built]
    assert(sources.length > 15)
    for (const source of sources) {
      const path = posix.join('infra', source)
      assert(
        paths.some((held) => held === path || held.startsWith(`${path}/`)),
        `${path} is missing`,
      )
    }
  })

  it('carries every source that its maps lead to', (context) => {
    const place = projectFor(context)
    if (place === undefined) return
    const maps = packed.files.filter(({ path }) => path.endsWith('.js.map'))
    assert(maps.length > 100)
    for (const { path } of maps) {
      const text = readFileSync(join(place, 'node_modules/understudy-mq', path), 'utf8')
      const { sources, sourcesContent } = JSON.parse(text) as Record<string, readonly string[] | undefined>
      assert.equal(sourcesContent?.length, sources?.length, path)
    }
  })

  it('is imported by every name that it exports', async (context) => {
    const place = projectFor(context)
    if (place === undefined) return
    // What needs no other package is imported before there is one.
    const plain = await run(
      process.execPath,
      ['--input-type=module', '-e', "await import('understudy-mq'); await import('understudy-mq/testing')"],
      place,
    )
    assert.deepEqual(plain, { exitCode: 0, stdout: '', stderr: '' })
    for (const peer of PEERS) lend(place, peer)
    for (const name of Object.keys(exports)) {
      const specifier = `understudy-mq${name.slice(1)}`
      const type = name.endsWith('.json') ? ", { with: { type: 'json' } }" : ''
      const script = `console.log(Object.keys(await import('${specifier}'${type})).length > 0)`
      const end = await run(process.execPath, ['--input-type=module', '-e', script], place)
      assert.deepEqual(end, { exitCode: 0, stdout: 'true\n', stderr: '' }, specifier)
    }
  })

  it('type-checks what the README shows, with nothing skipped', async (context) => {
    const place = projectFor(context)
    if (place === undefined) return
    for (const name of ['@types/node', ...PEERS]) lend(place, name)
    const blocks = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```/gms)]
    assert(blocks.length >= 2)
    const names = blocks.map(([, text = ''], index) => {
      writeFileSync(join(place, `readme-${index}.ts`), text)
      return `readme-${index}.ts`
    })
    const all = Object.keys(exports).filter((name) => !name.endsWith('.json'))
    const imports = all.map((name, index) => `import * as name${index} from 'understudy-mq${name.slice(1)}'`)
    writeFileSync(
      join(place, 'all.ts'),
      `${imports.join('\n')}\nexport const all = [${all.map((_, index) => `name${index}`).join(', ')}]\n`,
    )
    const settings = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck', 'false', '--noEmit']
    const { exitCode, stdout } = await run(
      process.execPath,
      [TSC, ...settings, '--types', 'node', 'all.ts', ...names],
      place,
    )
    assert.equal(stdout, '')
    assert.equal(exitCode, 0)
  })

  it('has a command that says its version, helps, and drills', async (context) => {
    const place = projectFor(context)
    if (place === undefined) return
    const env = { UNDERSTUDY_LABS: labRootFor(context) }
    const understudy = async (...args: string[]): ReturnType<typeof run> =>
      await run(join(place, 'node_modules/.bin/understudy'), args, place, env)
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    assert.deepEqual(await understudy('--version'), { exitCode: 0, stdout: `${version}\n`, stderr: '' })
    assert.match((await understudy('--help')).stdout, /^Usage: understudy /)

    const words = ['drill', '--steady', '500ms', '--window', '500ms', '--out', 'first', '--json']
    const drilled = await understudy(...words)
    assert.equal(drilled.exitCode, 0, drilled.stderr)
    assert.equal((JSON.parse(drilled.stdout) as { verdict: string }).verdict, 'pass')
    assert(existsSync(join(place, 'first', 'report.html')))
  })

  it('does the walk by hand as the README has it', async (context) => {
    const place = projectFor(context)
    if (place === undefined) return
    const env = { UNDERSTUDY_LABS: labRootFor(context) }
    const shell = async (line: string): Promise<string> => {
      const path = `${join(place, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`
      const { exitCode, stdout, stderr } = await run('sh', ['-c', line], place, { ...env, PATH: path })
      assert.equal(exitCode, 0, `${line}: ${stderr}`)
      return stdout
    }
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
    const lines = /^## The walk by hand\n\n```sh\n(.*?)^```/ms.exec(readme)?.[1]?.trim().split('\n') ?? []
    assert(lines.length >= 6)
    try {
      for (const line of lines) {
        const own = line.replace(/\s+#.*$/, '').replaceAll('npx understudy', 'understudy')
        // These two go on until they are told to stop.
        const bounded = own.replace(/^understudy (listen|produce) /, (begin) => `${begin}--count 2 --broker-wait 30s `)
        // Who listens waits for somebody who sends.
        const both = bounded.startsWith('understudy listen')
          ? `${bounded.replace('listen', 'produce')} && ${bounded}`
          : bounded
        await shell(both)
      }
    } finally {
      await shell('understudy lab down')
    }
  })
})

it('the API reference has a page for every name that is exported', () => {
  const { entryPoints } = JSON.parse(readFileSync(join(ROOT, 'tools/api-reference/typedoc.json'), 'utf8')) as {
    readonly entryPoints: readonly string[]
  }
  const exported = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [] : [(target as { readonly default: string }).default],
  )
  assert.deepEqual(
    entryPoints.map((path) => path.replace('../../', './dist/').replace(/\.ts$/, '.js')).toSorted(),
    exported.toSorted(),
  )
})

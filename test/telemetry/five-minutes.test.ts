import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePorts } from '../../infra/labs/free-ports.ts'
import { until } from '../cli/jobs/job-stage.ts'
import { startScript } from '../support/command.ts'
import { prometheusProgram, prometheusSkip } from '../support/prometheus.ts'
import { emptyFolder } from '../support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = readFileSync(join(ROOT, 'docs/observability.md'), 'utf8')
const SECTION = PAGE.slice(PAGE.indexOf('## In five minutes'), PAGE.indexOf('## Status events'))

/** The one block of that language in the section. */
function block(language: string): string {
  const [found, ...others] = [...SECTION.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))]
  assert(found && others.length === 0)
  return found[1] ?? ''
}

/** The same with something else in place of what has to be there. */
function replaced(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((changed, [from, to]) => {
    assert(changed.includes(from), from)
    return changed.replace(from, to)
  }, text)
}

test('the five minutes: the application shows which broker it is connected to', async (context) => {
  const [port = 0] = await freePorts(1)
  // Inside the project, so that its dependencies are found.
  const script = join(emptyFolder(join(ROOT, 'test', '.five-minutes-'), context), 'application.ts')
  const source = replaced(block('ts'), {
    "'understudy-mq'": `'${join(ROOT, 'src/index.ts')}'`,
    "'understudy-mq/prometheus'": `'${join(ROOT, 'src/telemetry/prometheus.ts')}'`,
    'failover:(stomp://a:61613,stomp://b:61613)': 'memory:five',
    9464: String(port),
  })
  writeFileSync(script, source)
  const { child, ended } = startScript([script])
  let shown = ''
  await until('an answer to a scrape', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined)
    shown = (await answer?.text()) ?? ''
    return answer?.ok === true
  })
  child.kill('SIGTERM')
  await ended
  assert.match(shown, /^understudy_broker_connected\{broker="memory:[^"]*",role="producer"\} 1$/m)
})

test('the five minutes: Prometheus takes the configuration', { skip: prometheusSkip() }, async (context) => {
  const folder = emptyFolder(join(ROOT, 'test', '.five-minutes-'), context)
  copyFileSync(join(ROOT, 'infra/prometheus/alerts.yml'), join(folder, 'understudy-alerts.yml'))
  writeFileSync(join(folder, 'prometheus.yml'), block('yaml'))
  const { promtool } = prometheusProgram()
  const { stdout } = await promisify(execFile)(promtool, ['check', 'config', join(folder, 'prometheus.yml')])
  assert.match(stdout, /SUCCESS: 1 rule files found/)
})

test('the five minutes: every file that is named is there, and is shipped', () => {
  const named = [...SECTION.matchAll(/node_modules\/understudy-mq\/([\w./-]+)/g)].map(([, path]) => path ?? '')
  assert.deepEqual(
    new Set(named),
    new Set(['infra/prometheus/alerts.yml', 'infra/grafana/understudy.json', 'infra/prometheus/prometheus.yml']),
  )
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: readonly string[] }
  for (const path of named) {
    assert(readFileSync(join(ROOT, path), 'utf8').length > 0, path)
    assert(
      files.some((shipped) => path.startsWith(`${shipped}/`)),
      path,
    )
  }
})

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Shell } from '../../../src/cli/completion/shells.ts'
import { endWithUs } from '../../support/at-the-end.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
const DEADLINE_MS = 90_000

/** What a shell needs to have the completion, as its user would write it down. */
const LOADING: Readonly<Record<Shell, string>> = {
  bash: 'source <(understudy completion bash)',
  zsh: 'autoload -Uz compinit; compinit -u -D; source <(understudy completion zsh)',
  fish: 'understudy completion fish | source',
}
const INTERACTIVE: Readonly<Record<'bash' | 'zsh', string>> = { bash: 'bash --norc --noprofile -i', zsh: 'zsh -f -i' }

function skipped(shell: Shell): string | false {
  const has = (program: string, args: readonly string[]): boolean => spawnSync(program, args).status === 0
  if (!has(shell, ['-c', 'exit 0'])) return `${shell} is not installed`
  if (shell !== 'fish' && !has('script', ['-qec', 'true', '/dev/null'])) return 'no `script` that gives it a terminal'
  return false
}

interface Place {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
}

/** A folder in which `understudy` is a command, a plan lies, and no lab is up. */
function place(context: TestContext): Place {
  const folder = temporaryFolder('completion', context)
  const program = join(folder, 'bin', 'understudy')
  mkdirSync(join(folder, 'bin'))
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
  chmodSync(program, 0o755)
  writeFileSync(join(folder, 'nightly.yaml'), '')
  const path = `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`
  const env = {
    ...process.env,
    PATH: path,
    HOME: folder,
    UNDERSTUDY_LABS: join(folder, 'labs'),
    TERM: 'dumb',
    PS1: '> ',
  }
  return { folder, env: { ...env, npm_command: undefined } }
}

/** Types lines, each with a Tab at its end, into one interactive shell, and waits until the terminal shows the rest. */
async function typed(
  shell: 'bash' | 'zsh',
  lines: readonly (readonly [line: string, wanted: string])[],
  { folder, env }: Place,
): Promise<void> {
  const child = spawn('script', ['-qec', INTERACTIVE[shell], '/dev/null'], { cwd: folder, env })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const callOff = endWithUs(child)
  let shown = ''
  let look = (): void => {}
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    // The bell rings where there is more than one way to go on.
    shown += text.replaceAll('\u0007', '')
    look()
  })
  const shows = async (text: string): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`no ${JSON.stringify(text)} in ${JSON.stringify(shown)}`)),
        DEADLINE_MS,
      )
      look = () => {
        if (!shown.includes(text)) return
        clearTimeout(late)
        look = () => {}
        resolve()
      }
      look()
    })
  }
  try {
    // The echo of what is typed is not yet what is printed.
    child.stdin.write(`${LOADING[shell]}; echo load''ed\n`)
    await shows('loaded')
    for (const [line, wanted] of lines) {
      shown = ''
      child.stdin.write(`${line}\t`)
      await shows(wanted)
      child.stdin.write(FORGET_THE_LINE)
    }
  } finally {
    child.stdin.end(`${FORGET_THE_LINE}exit\n`)
    await ended
    callOff()
  }
}

const FORGET_THE_LINE = '\u0015'

for (const shell of ['bash', 'zsh'] as const) {
  it(`Tab in ${shell} completes commands, options, labs, faults and files`, {
    skip: skipped(shell),
  }, async (context) => {
    const lines = [
      ['understudy thr', 'understudy threshold'],
      ['understudy drill --abort-o', '--abort-outage'],
      ['understudy drill --lab activemq-k', '--lab activemq-kahadb'],
      ['understudy drill --lab=activemq-k', '--lab=activemq-kahadb'],
      ['understudy drill --lab activemq-jdbc --fault lock-k', '--fault lock-kill'],
      ['understudy drill nig', 'drill nightly.yaml'],
      ['understudy drill --out=bi', '--out=bin/'],
    ] as const
    await typed(shell, lines, place(context))
  })
}

describe('Tab in fish', { skip: skipped('fish') }, () => {
  function offered(line: string, { folder, env }: Place): readonly string[] {
    const command = `${LOADING.fish}; complete -C '${line}'`
    const options = { cwd: folder, env, encoding: 'utf8', timeout: DEADLINE_MS } as const
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', command], options)
    assert.equal(stderr, '')
    return stdout.trim().split('\n')
  }

  it('completes commands and options with their meaning, labs, and the faults of a lab', (context) => {
    const here = place(context)
    assert.match(offered('understudy thr', here).join(), /^threshold\tfind the smallest retry threshold/)
    assert.match(offered('understudy drill --abort-o', here).join(), /^--abort-outage\t/)
    assert.match(offered('understudy drill --lab=activemq-k', here).join(), /^--lab=activemq-kahadb\t/)
    assert.deepEqual(offered('understudy drill --lab activemq-jdbc --fault lock-', here), ['lock-kill'])
  })

  it('completes the name of a file', (context) => {
    const here = place(context)
    assert.match(offered('understudy drill nig', here).join(), /^nightly\.yaml/)
    assert.match(offered('understudy drill --out=bi', here).join(), /^--out=bin\//)
    assert.match(offered('understudy compare a --out=nig', here).join(), /^--out=nightly\.yaml/)
  })
})

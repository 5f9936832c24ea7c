import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { activemqContainerCommand } from '../../../infra/compose/configuration.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const FOLDER = fileURLToPath(new URL('../../../infra', import.meta.url))
const FILE = join(FOLDER, 'compose.yaml')

interface Service {
  readonly image: string
  readonly profiles: readonly string[]
  readonly build?: string
  readonly command?: readonly string[]
  readonly container_name?: string
  readonly hostname?: string
  readonly networks?: Readonly<Record<string, { readonly aliases: readonly string[] }>>
  readonly restart?: string
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly environment?: Readonly<Record<string, string>>
  readonly network_mode?: string
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
}

const { services, volumes } = parse(readFileSync(FILE, 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}
const SERVICES = Object.entries(services)

/** The image where no variable says otherwise. */
function imageOf({ image }: Service): string {
  return image.replace(/^\$\{\w+:-(.*)\}$/, '$1')
}

/** What takes a compose file: `docker compose`, or the program of its own that was before it. */
function composeProgram(): readonly string[] | undefined {
  const found = [['docker', 'compose'], ['docker-compose']] as const
  return found.find(([program, ...args]) => spawnSync(program, [...args, 'version'], { stdio: 'ignore' }).status === 0)
}

describe('compose.yaml', () => {
  it('mounts files and folders that are there, and nothing that a container may write to', () => {
    const mounts = SERVICES.flatMap(([, service]) => service.volumes ?? []).map((mount) => mount.split(':'))
    assert(mounts.length > 10)
    for (const [source = '', , mode] of mounts) {
      if (source in volumes) continue
      assert(existsSync(join(FOLDER, source)), `${source} is not there`)
      assert.equal(mode, 'ro', source)
    }
  })

  it('publishes to this machine alone, and each port once', () => {
    const ports = SERVICES.flatMap(([, service]) => service.ports ?? [])
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/)
    const published = ports.map((port) => port.split(':')[1])
    assert.equal(new Set(published).size, published.length)
    for (const [name, service] of SERVICES.filter(([, { network_mode }]) => network_mode === 'host')) {
      assert.match(
        JSON.stringify([service.command, service.environment]),
        /address=127\.0\.0\.1:|ADDR":"127\.0\.0\.1"/,
        name,
      )
    }
  })

  it('names an exact version of every image, and what the one that is built starts from', () => {
    const built = SERVICES.flatMap(([, { build }]) => (build === undefined ? [] : [join(FOLDER, build, 'Dockerfile')]))
    const bases = [...new Set(built)].map((path) => /^FROM (.*)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? '')
    assert.equal(bases.length, 1)
    for (const image of [...SERVICES.map(([, service]) => imageOf(service)), ...bases]) {
      assert.match(image, /^[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)*$/)
    }
  })

  it('says of everything that runs when it is healthy, and waits for what it needs', () => {
    for (const [name, { healthcheck, command, depends_on = {} }] of SERVICES) {
      // What is done once is not healthy, but over.
      const isOnce = command?.[0] === 'rabbitmqctl'
      assert.equal(healthcheck === undefined, isOnce, name)
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const isOver = services[needed]?.healthcheck === undefined
        assert.equal(condition, isOver ? 'service_completed_successfully' : 'service_healthy', name)
      }
    }
  })

  it('starts the nodes of the cluster one after the other, and has each found by the name that its peers know', () => {
    const nodes = SERVICES.filter(([name]) => name.startsWith('rabbitmq-'))
    assert.deepEqual(
      nodes.map(([, { depends_on = {} }]) => Object.keys(depends_on)),
      [[], ...nodes.slice(0, -1).map(([name]) => [name])],
    )
    const peers = readFileSync(join(FOLDER, 'compose/rabbitmq/rabbitmq.conf'), 'utf8')
    for (const [name, { hostname = '', networks, environment }] of nodes) {
      assert.deepEqual(networks?.['default']?.aliases, [hostname], name)
      assert(peers.includes(` = ${environment?.['RABBITMQ_NODENAME']}\n`), name)
      assert(environment?.['RABBITMQ_NODENAME']?.endsWith(`@${hostname}`), name)
    }
  })

  it('leaves dead what a drill killed: nothing restarts, but for what is done once', () => {
    const restarted = SERVICES.filter(([, { restart = 'no' }]) => restart !== 'no')
    assert.deepEqual(
      restarted.map(([name, { restart }]) => [name, restart]),
      [['definitions', 'on-failure:5']],
    )
  })

  it('gives nobody the root of the database', () => {
    assert.deepEqual(services['database']?.environment, { MYSQL_RANDOM_ROOT_PASSWORD: 'yes' })
  })

  it('belongs to a profile in all its parts, so that nothing starts unasked', () => {
    const profiles = new Set(SERVICES.flatMap(([, service]) => service.profiles))
    assert.deepEqual([...profiles].sort(), ['activemq', 'rabbitmq'])
    for (const [name, service] of SERVICES) {
      for (const needed of Object.keys(service.depends_on ?? {})) {
        for (const profile of service.profiles)
          assert(services[needed]?.profiles.includes(profile), `${name}: ${needed}`)
      }
    }
  })

  it('calls a broker after the port that its clients see, as the drills of docs/compose.md kill it by that', () => {
    const brokers = SERVICES.filter(([name]) => /^(rabbitmq|activemq)-/.test(name))
    assert.equal(brokers.length, 5)
    for (const [name, { container_name, ports = [] }] of brokers) {
      assert(
        ports.some((port) => `understudy-${port.split(':')[1]}` === container_name),
        name,
      )
    }
  })

  for (const node of ['a', 'b']) {
    it(`runs ActiveMQ ${node} as the labs do`, () => {
      const command = activemqContainerCommand(temporaryFolder('compose'), node)
      assert.deepEqual(services[`activemq-${node}`]?.command, command)
    })
  }

  const program = composeProgram()
  for (const profile of ['rabbitmq', 'activemq']) {
    const skip = program === undefined && 'neither `docker compose` nor `docker-compose` is installed'
    it(`is what Compose takes, with the profile ${profile}`, { skip }, () => {
      const [file = '', ...args] = program ?? []
      const words = [...args, '--file', FILE, '--profile', profile, 'config', '--quiet']
      const { status, stderr } = spawnSync(file, words, { encoding: 'utf8', timeout: 60_000 })
      assert.equal(status, 0, stderr)
    })
  }
})

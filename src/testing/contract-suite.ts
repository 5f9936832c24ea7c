import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ContractBroker, Situation } from './contract/broker.ts'
import { beyond } from './contract/beyond.ts'
import { consume } from './contract/consume.ts'
import type { ContractGroup, ContractTest } from './contract/contract-test.ts'
import { inspecting } from './contract/inspecting.ts'
import { lifecycle } from './contract/lifecycle.ts'
import { listening } from './contract/listening.ts'
import { payloads } from './contract/payloads.ts'
import { produce } from './contract/produce.ts'
import { reconnecting } from './contract/reconnecting.ts'
import { type Connect, publicConnect, Stage } from './contract/stage.ts'
import { uriAndConnect } from './contract/uri-and-connect.ts'
import { eventually, HANG_MS } from './contract/waiting.ts'

/** Everything that the client promises, whatever it is connected to. */
export const contractGroups: readonly ContractGroup[] = [
  uriAndConnect,
  reconnecting,
  produce,
  payloads,
  consume,
  listening,
  lifecycle,
  beyond,
  inspecting,
]

/** The situations that a broker cannot be brought into here, each with the reason. */
export type Impossible = Readonly<Partial<Record<Situation, string>>>

/** What the contract suite runs against. */
export interface ContractSuiteOptions {
  /** What the suite runs against, such as `RabbitMQ, quorum queues`. */
  readonly name: string
  /** Puts up the broker, once for all tests. */
  readonly open: () => Promise<ContractBroker>
  /** What it cannot be brought into. Defaults to nothing: every test runs. */
  readonly impossible?: Impossible
  /** Why nothing can run here, or false. Defaults to false. */
  readonly skip?: string | false
  /** Opens connections. Defaults to the public `connect`. */
  readonly connect?: Connect
}

/** Why a test does not run on a broker, or false where it does. */
export function skipReason(test: ContractTest, impossible: Impossible = {}): string | false {
  const missing = test.needs.find((situation) => impossible[situation] !== undefined)
  return missing === undefined ? false : `${missing}: ${impossible[missing]}`
}

/** Registers the whole contract suite with node:test. */
export function contractSuite(options: ContractSuiteOptions): void {
  const { name, open, impossible, skip = false, connect = publicConnect } = options
  describe(`the contract on ${name}`, { skip }, () => {
    const stray: string[] = []
    const onError = (error: unknown): void => void stray.push(`uncaught: ${String(error)}`)
    const onWarning = (warning: Error): void => {
      if (warning.name !== 'ExperimentalWarning') stray.push(`${warning.name}: ${warning.message}`)
    }
    let broker: ContractBroker | undefined
    let stages = 0

    before(async () => {
      process.on('uncaughtException', onError)
      process.on('unhandledRejection', onError)
      process.on('warning', onWarning)
      broker = await open()
    })
    after(async () => {
      await broker?.close()
      process.off('uncaughtException', onError)
      process.off('unhandledRejection', onError)
      process.off('warning', onWarning)
    })

    for (const group of contractGroups) {
      describe(group.name, () => {
        for (const test of group.tests) {
          it(`${test.item} · ${test.title}`, { skip: skipReason(test, impossible), timeout: 5 * HANG_MS }, async () => {
            assert.ok(broker)
            await play(test, broker, new Stage(broker, connect, `${test.item}.${++stages}`))
          })
        }
      })
    }

    it('50 · nothing was thrown where nobody could catch it, and nothing was warned of', () => {
      assert.deepEqual(stray, [])
    })
  })
}

/** Plays one test and clears the stage, so that the next one begins with quiet doors and a broker that serves. */
async function play(test: ContractTest, broker: ContractBroker, stage: Stage): Promise<void> {
  // What a failed test left behind must not hide why it failed.
  let failure: { readonly error: unknown } | undefined
  await test.run(stage).catch((error: unknown) => (failure = { error }))
  try {
    await stage.end()
    if (test.needs.some((situation) => situation === 'kill' || situation === 'stop')) await broker.revive()
    await eventually('closed doors', () => broker.doors.every((door) => door.open === 0))
  } catch (error) {
    failure ??= { error }
  }
  if (failure) throw failure.error
}

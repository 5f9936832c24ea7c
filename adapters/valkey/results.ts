import { UnderstudyError } from '../../src/errors.ts'
import { RESULTS_KEPT_FOR_MS, wholeMs } from '../../src/jobs/results/kept-for.ts'
import type { Results, ResultsSession } from '../../src/jobs/results/results.ts'
import { parseState, stateText } from '../../src/jobs/results/state-text.ts'
import { slices } from '../../src/jobs/slices.ts'
import { checkNames, type NamesOf } from '../../src/transport/option-names.ts'
import type { TlsSettings } from '../../src/transport/tls-settings.ts'
import { parseValkeyUrl } from './address.ts'
import { loadValkeyDriver } from './driver.ts'
import { follower, type Follower } from './followers.ts'
import { Inbox } from './inbox.ts'
import { readState, writeState } from './keys.ts'
import { ValkeySession, type ValkeySessionOptions } from './session.ts'

/** How results are kept in Valkey or Redis. */
export interface ValkeyResultsOptions {
  /** `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`; `rediss:` and `valkeys:` with TLS. */
  readonly url: string
  /**
   * Authorities, client certificate and key for `rediss:` and `valkeys:`. Defaults to the authorities that Node
   * believes.
   */
  readonly tls?: TlsSettings
  /** How long a state is kept after it was put, in milliseconds. Defaults to 86,400,000, a day. */
  readonly ttl?: number
  /** How long a call waits for the server, reconnecting included, in milliseconds. Defaults to 5,000. */
  readonly timeout?: number
}

const OPTIONS: NamesOf<ValkeyResultsOptions> = { url: true, tls: true, ttl: true, timeout: true }
const ATTACHED_AT_ONCE = 500

/**
 * Results in Valkey or Redis 6 and later, through the package `@redis/client`, which has to be installed beside this
 * one. Whoever waits is told by a message of the server, not by asking again and again.
 *
 * @throws UnderstudyError `invalid-option`.
 */
export function valkeyResults(options: ValkeyResultsOptions): Results {
  checkNames('valkeyResults', options, OPTIONS)
  const address = parseValkeyUrl(options.url)
  const { tls } = options
  if (tls !== undefined && !address.isEncrypted) {
    throw new UnderstudyError('invalid-option', `TLS settings were given, and ${address.shown} is without TLS: rediss:`)
  }
  const ttlMs = wholeMs('valkeyResults', 'ttl', options.ttl ?? RESULTS_KEPT_FOR_MS)
  const withinMs = wholeMs('valkeyResults', 'timeout', options.timeout ?? 5_000)
  return {
    kind: 'valkey',
    open: async ({ clock }) =>
      await openSession({ driver: await loadValkeyDriver(), address, tls, clock, withinMs }, ttlMs),
  }
}

async function openSession(
  options: Omit<ValkeySessionOptions, 'onReconnected' | 'isFollowed'>,
  ttlMs: number,
): Promise<ResultsSession> {
  const { address } = options
  const followers = new Set<Follower>()
  const inbox = new Inbox()
  const asking = new ValkeySession({ ...options, isFollowed: () => false, onReconnected: async () => {} })
  // Made when somebody listens. Apart from the other: in the middle of the answer to a transaction, servers before Redis
  // 7.2 tell the same connection what it publishes (redis#12326).
  const listening = new ValkeySession({
    ...options,
    isFollowed: () => followers.size + inbox.size > 0,
    onReconnected: async (link) => {
      if (inbox.size > 0) await inbox.attach(link)
      // All at once, the last of very many would seem unanswered.
      for (const some of slices([...followers], ATTACHED_AT_ONCE))
        await Promise.all(some.map((each) => each.attach(link)))
    },
  })
  try {
    await asking.run(async () => {})
  } catch (error) {
    await asking.close()
    throw error
  }
  return {
    replyTo: inbox.replyTo,
    watch: async (jobId, take, ended, isNew = false) => {
      if (isNew) {
        const followed = inbox.follow(jobId, take, ended)
        if (inbox.isOpen) return followed
        try {
          await listening.run((link) => inbox.attach(link))
        } catch (error) {
          followed.close()
          throw error
        }
        return followed
      }
      const each = follower(jobId, take, ended, () => followers.delete(each))
      followers.add(each)
      try {
        await listening.run((link) => each.attach(link))
      } catch (error) {
        each.close()
        throw error
      }
      return { close: () => each.close() }
    },
    get: async (jobId) => {
      const text = await asking.run((link) => readState(link, jobId))
      return text === undefined ? undefined : parseState(jobId, text)
    },
    put: async (address, state) => {
      const text = stateText(address.jobId, state)
      await asking.run((link) => writeState(link, address, state.kind, text, ttlMs))
    },
    close: async () => {
      const error = new UnderstudyError('closed', `the results at ${address.shown} were closed`)
      for (const each of followers) each.end(error)
      inbox.end(error)
      await Promise.all([asking.close(), listening.close()])
    },
  }
}

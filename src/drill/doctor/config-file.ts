import { readFile } from 'node:fs/promises'
import { fileProblem } from '../../folder.ts'
import { UnderstudyError } from '../../errors.ts'
import { readActivemqXml } from './config-activemq.ts'
import { readHaproxyCfg } from './config-haproxy.ts'
import { readRabbitmqConf } from './config-rabbitmq.ts'
import type { Settings } from './settings-findings.ts'

const MOST_BYTES = 4 * 1024 * 1024

/**
 * The settings that decide a takeover, out of an `activemq.xml`, a `rabbitmq.conf` or an `haproxy.cfg`: which one it is
 * is told from its text.
 *
 * @throws UnderstudyError `invalid-option` for a file that cannot be read or is none of the three; nothing of its
 * text is quoted.
 */
export async function readConfiguration(path: string): Promise<Settings> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `option --config: ${path} cannot be read: ${fileProblem(cause)}`, {
      cause,
    })
  }
  const settings = text.length > MOST_BYTES ? undefined : settingsOf(text)
  if (settings) return settings
  const message = `option --config: ${path} is no activemq.xml, rabbitmq.conf or haproxy.cfg`
  throw new UnderstudyError('invalid-option', message)
}

/** Undefined where the text is of none of the three. */
export function settingsOf(text: string): Settings | undefined {
  if (/<(?:\w+:)?(?:broker|jdbcPersistenceAdapter|kahaDB)\b/.test(text)) return readActivemqXml(text)
  if (/^\s*(?:listen|frontend|backend|defaults)\b/m.test(text)) return readHaproxyCfg(text)
  if (/^\s*[a-z][\w.]*\s*=/m.test(text)) return readRabbitmqConf(text)
  return undefined
}

import type { Settings } from './settings-findings.ts'

/**
 * The locker of a broker's configuration, and how often it is kept alive. ActiveMQ's own defaults are filled in
 * where it says nothing; what a property placeholder decides is left out and named in `notRead`.
 */
export function readActivemqXml(text: string): Settings {
  const xml = text.replaceAll(/<!--[\s\S]*?-->/g, '')
  const jdbc = elementOf(xml, 'jdbcPersistenceAdapter')
  const adapter = jdbc ?? elementOf(xml, 'kahaDB')
  if (adapter === undefined) return {}
  const [kind, attributes] = lockerOf(xml) ?? [jdbc === undefined ? 'shared-file-locker' : 'database-locker', {}]
  if (adapter['useLock'] === 'false' || adapter['useDatabaseLock'] === 'false') return { locker: 'none' }
  const written: Readonly<Record<string, string | undefined>> = {
    // The element of old configurations has it on the adapter itself.
    lockAcquireSleepIntervalMs:
      attributes['lockAcquireSleepInterval'] ?? adapter['lockAcquireSleepInterval'] ?? '10000',
    lockKeepAlivePeriodMs: adapter['lockKeepAlivePeriod'] ?? (jdbc === undefined ? '0' : '30000'),
  }
  const settings: Record<string, string | number> = { locker: kind }
  const notRead: string[] = []
  for (const [name, value = ''] of Object.entries(written)) {
    if (/^\d+$/.test(value)) settings[name] = Number(value)
    else notRead.push(name.replace(/Ms$/, ''))
  }
  if (jdbc !== undefined) settings['createTablesOnStartup'] = adapter['createTablesOnStartup'] ?? 'true'
  // A locker whose times are not known is not judged by its defaults.
  return notRead.length === 0 ? settings : { notRead: notRead.join(', ') }
}

type Attributes = Readonly<Record<string, string>>

function lockerOf(xml: string): readonly [string, Attributes] | undefined {
  for (const name of ['lease-database-locker', 'database-locker', 'shared-file-locker']) {
    const found = elementOf(xml, name)
    if (found) return [name, found]
  }
  return undefined
}

/** The attributes of the first element of that name, with whatever prefix. */
function elementOf(xml: string, name: string): Attributes | undefined {
  const found = new RegExp(`<(?:\\w+:)?${name}(?=[\\s/>])((?:[^>"']|"[^"]*"|'[^']*')*)>`).exec(xml)
  if (!found) return undefined
  const pairs = [...(found[1] ?? '').matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)]
  return Object.fromEntries(pairs.map(([, key = '', double, single]) => [key, double ?? single ?? '']))
}

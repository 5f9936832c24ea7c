/** What the arguments of a queue are called where an application declares it. */
const SETTINGS: Readonly<Record<string, string>> = {
  'x-queue-type': 'type',
  'x-message-ttl': 'messageTtlMs',
  'x-expires': 'expiresAfterMs',
  'x-max-length': 'maxLength',
  'x-max-priority': 'maxPriority',
  'x-dead-letter-exchange': 'deadLetterTo',
  'x-dead-letter-routing-key': 'deadLetterTo',
  'x-dead-letter-strategy': 'deadLetterTo',
  // Follows from the others.
  'x-overflow': 'maxLength or deadLetterTo',
}

// rabbit_misc:assert_args_equivalence1, of 3.8 and later; `durable` and its like come without types.
const DIFFERS =
  /inequivalent arg '([^']+)' for queue '(.+)' in vhost '.*?': received (none|the value '(.*?)'|'(.*?)').*? but current is (none|the value '(.*?)'|'(.*?)')/s

/** Of the broker's words for a queue that somebody declared otherwise: what is where; undefined for other words. */
export function queueDifference(said: string): string | undefined {
  const match = DIFFERS.exec(said)
  if (!match) return undefined
  const [, argument = '', queue = '', here, typedHere, plainHere, there, typedThere, plainThere] = match
  const setting = SETTINGS[argument]
  const named = setting === undefined ? argument : `${setting} (${argument})`
  const [wanted, found] = [typedHere ?? plainHere ?? here ?? '', typedThere ?? plainThere ?? there ?? '']
  return `has queue ${queue} with other settings: ${named} is ${shown(found)} there, and ${shown(wanted)} is wanted here`
}

function shown(value: string): string {
  return value === '' ? 'empty' : value
}

import { InvalidArgumentError } from 'commander'

/** Queues in order of priority, or each with its share. */
export type QueueOrder = readonly string[] | Readonly<Record<string, number>>

const HINT = 'Write high,low for an order, or high=5,low=1 for shares.'
const LARGEST_SHARE = 1000

/** Reads `high,low` or `high=5,low=1`. */
export function queueOrder(text: string): QueueOrder {
  const parts = text.split(',').map((part) => part.trim())
  const names = parts.map((part) => part.replace(/=[^=]*$/, ''))
  if (names.some((name) => name === '')) throw new InvalidArgumentError(`A queue has no name. ${HINT}`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new InvalidArgumentError(`The queue ${JSON.stringify(twice)} is there twice. ${HINT}`)
  const weighted = parts.filter((part) => part.includes('='))
  if (weighted.length === 0) return names
  if (weighted.length < parts.length) throw new InvalidArgumentError(`Only some have a share. ${HINT}`)
  return Object.fromEntries(
    parts.map((part) => {
      const [name, share] = [part.slice(0, part.lastIndexOf('=')), part.slice(part.lastIndexOf('=') + 1)]
      if (!/^\d{1,4}$/.test(share) || Number(share) < 1 || Number(share) > LARGEST_SHARE)
        throw new InvalidArgumentError(`A share is a whole number from 1 to ${LARGEST_SHARE}. ${HINT}`)
      return [name, Number(share)]
    }),
  )
}

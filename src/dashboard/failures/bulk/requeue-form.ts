import { messageOf, UnderstudyError } from '../../../errors.ts'
import { DURATION_FORM, parseQueryDuration } from '../../../jobs/failures/query/duration.ts'
import { checkRequeueOptions, type RequeueOptions } from '../../../jobs/failures/requeue/options.ts'

/** The boxes of the form, as they were filled in. */
export const REQUEUE_FIELDS = ['to', 'limit', 'maxAge', 'rate', 'canary', 'canaryTimeout'] as const

export type RequeueField = (typeof REQUEUE_FIELDS)[number]

/** What can be chosen in the form. */
export type RequeueChoice = Pick<RequeueOptions, RequeueField>

export interface RequeueForm {
  readonly filled: Readonly<Record<RequeueField, string>>
  readonly options: RequeueChoice
  /** What is wrong with each box; empty where all can be read. */
  readonly troubles: Readonly<Partial<Record<RequeueField, string>>>
}

const LONGEST_FIELD = 500

/** Reads the boxes; those that stay empty are left out. Never throws. */
export function readRequeueForm(form: URLSearchParams): RequeueForm {
  const text = (field: RequeueField): string => (form.get(field) ?? '').trim().slice(0, LONGEST_FIELD)
  const filled = {
    to: text('to'),
    limit: text('limit'),
    maxAge: text('maxAge'),
    rate: text('rate'),
    canary: text('canary'),
    canaryTimeout: text('canaryTimeout'),
  }
  const options: { -readonly [Field in RequeueField]?: RequeueChoice[Field] } = {}
  const troubles: Partial<Record<RequeueField, string>> = {}
  for (const field of REQUEUE_FIELDS) {
    if (filled[field] === '') continue
    try {
      const one = readOne(field, filled[field])
      checkRequeueOptions(one)
      Object.assign(options, one)
    } catch (error) {
      troubles[field] = messageOf(error)
    }
  }
  if (filled.canaryTimeout !== '' && filled.canary === '')
    troubles.canaryTimeout = 'It says how long the first ones may take: say how many those are, too'
  return { filled, options, troubles }
}

function readOne(field: RequeueField, text: string): RequeueChoice {
  if (field === 'to') return { to: text }
  if (field === 'maxAge' || field === 'canaryTimeout') return { [field]: durationOf(text) }
  return { [field]: numberOf(text) }
}

function durationOf(text: string): number {
  const ms = parseQueryDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw new UnderstudyError('invalid-option', `write ${DURATION_FORM}`)
}

function numberOf(text: string): number {
  if (/^\d{1,10}(?:\.\d{1,3})?$/.test(text)) return Number(text)
  throw new UnderstudyError('invalid-option', 'write a number')
}

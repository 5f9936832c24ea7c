import type { KeptFailure } from '../../src/jobs/failures/failure.ts'
import type { Comparison, FailureQuery, QueryField } from '../../src/jobs/failures/query/query.ts'

/** Whether a failure is one of those that a query means. What stores do in SQL, one by one. */
export function matches(query: FailureQuery, failure: KeptFailure, now: number): boolean {
  switch (query.kind) {
    case 'all':
      return true
    case 'and':
      return query.of.every((part) => matches(part, failure, now))
    case 'or':
      return query.of.some((part) => matches(part, failure, now))
    case 'not':
      return !matches(query.of, failure, now)
    case 'text':
      return holds([...errorTexts(failure), failure.preview, failure.job], query.text)
    case 'field':
      return fieldMatches(query.field, query.text, failure, now)
    case 'compare':
      return compare(numberOf(query.field, failure, now), query.comparison, query.value)
  }
}

function errorTexts(failure: KeptFailure): readonly string[] {
  return [failure.errorClass, failure.errorMessage, ...present(failure.errorCode)]
}

function fieldMatches(field: QueryField, text: string, failure: KeptFailure, now: number): boolean {
  switch (field) {
    case 'error':
      return holds(errorTexts(failure), text)
    case 'stack':
      // Stores have no index of its words, so any part of it will do.
      return contains(present(failure.stack), text)
    case 'preview':
      return holds([failure.preview], text)
    case 'class':
      return equals(failure.errorClass, text)
    case 'code':
      return equals(failure.errorCode, text)
    case 'broker':
      return Object.values(failure.broker).some((value) => equals(value, text))
    case 'requestId':
      return equals(failure.requestId, text)
    case 'attempts':
    case 'requeues':
      return numberOf(field, failure, now) === Number(text)
    case 'age':
      // An age is compared; none is met to the millisecond.
      return false
    case 'id':
    case 'jobId':
    case 'job':
    case 'queue':
    case 'reason':
    case 'status':
    case 'worker':
    case 'fingerprint':
      return equals(failure[field], text)
  }
}

function numberOf(field: 'age' | 'attempts' | 'requeues', failure: KeptFailure, now: number): number {
  if (field === 'age') return now - failure.failedAt
  return field === 'attempts' ? failure.attempts.length : failure.requeues
}

function compare(value: number, comparison: Comparison, than: number): boolean {
  switch (comparison) {
    case '<':
      return value < than
    case '<=':
      return value <= than
    case '>':
      return value > than
    case '>=':
      return value >= than
  }
}

function present(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value]
}

/** Equal, or with `*` for any characters; what has no value is met by the empty text alone. */
function equals(value: string | undefined, text: string): boolean {
  if (value === undefined) return text === ''
  return text.includes('*') ? hasParts(value, text.split('*'), true) : value === text
}

/** Words next to each other and in this order, whatever their case and accents; without words, or with `*`, any part. */
function holds(values: readonly string[], text: string): boolean {
  if (text.includes('*') || !/[\p{L}\p{N}\p{Co}]/u.test(text)) return contains(values, text)
  const wanted = words(text)
  return values.some((value) => words(value).includes(wanted))
}

/** Any part of the text, whatever its case, and with `*` for any characters. */
function contains(values: readonly string[], text: string): boolean {
  const parts = text.toLowerCase().split('*')
  return values.some((value) => hasParts(value.toLowerCase(), parts, false))
}

/** The parts in their order; `whole` when the first is the beginning and the last the end. */
function hasParts(value: string, parts: readonly string[], whole: boolean): boolean {
  const [first = '', ...rest] = parts
  if (!whole) {
    let at = 0
    for (const part of parts) {
      const found = value.indexOf(part, at)
      if (found === -1) return false
      at = found + part.length
    }
    return true
  }
  const last = rest.pop() ?? ''
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false
  return hasParts(value.slice(first.length, value.length - last.length), rest, false)
}

/** The words of a text with a space around each, folded. */
function words(text: string): string {
  const folded = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return ` ${(folded.match(/[\p{L}\p{N}\p{Co}]+/gu) ?? []).join(' ')} `
}

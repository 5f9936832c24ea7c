import type { ErrorCode } from '../errors.ts'

/** How far a connection had come when it failed. */
export type Phase = 'dialling' | 'handshake' | 'established'

/** What an error may name and what it must not. */
export interface Peer {
  /** The endpoint without credentials. */
  readonly address: string
  /** Blotted out wherever a broker repeats it. */
  readonly secret: string | undefined
}

/** What a failure is to us. */
export interface FailureClass {
  readonly code: ErrorCode
  readonly retriable: boolean
}

const BY_SYSTEM_CODE: Readonly<Record<string, FailureClass>> = {
  ECONNREFUSED: { code: 'refused', retriable: true },
  ENOTFOUND: { code: 'unknown-host', retriable: true },
  EAI_AGAIN: { code: 'unknown-host', retriable: true },
  EHOSTUNREACH: { code: 'unreachable', retriable: true },
  ENETUNREACH: { code: 'unreachable', retriable: true },
  ETIMEDOUT: { code: 'unreachable', retriable: true },
}

/** What the system's code of a failed dial says, or undefined where it says nothing of its own. */
export function byDialCode(code: string): FailureClass | undefined {
  return BY_SYSTEM_CODE[code]
}

/** A broker's words without the secret that it may repeat. */
export function blot(text: string, secret: string | undefined): string {
  return secret === undefined || secret === '' ? text : text.replaceAll(secret, '***')
}

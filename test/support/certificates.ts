import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate and its key, both as PEM text. */
export interface Identity {
  readonly key: string
  readonly certificate: string
}

export interface IdentityOptions {
  /** Days from now on which it begins and ceases to be valid. Defaults to a day around now. */
  readonly validDays?: readonly [from: number, to: number]
}

/** An authority of a test's own, which nobody else believes. */
export interface Authority {
  /** As PEM text: what to believe. */
  readonly certificate: string
  /** A new key and a certificate for one DNS name, as broker or as client. */
  issue(name: string, options?: IdentityOptions): Identity
}

const DAY_MS = 86_400_000
const ECDSA_WITH_SHA256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))
const TRUE = der(0x01, Buffer.from([0xff]))

export function authority(name: string): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = certify({ subject: name, issuer: name, isAuthority: true, ...own, signer: own.privateKey })
  return {
    certificate,
    issue(subject, { validDays } = {}) {
      const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      return {
        key: pkcs8(keys.privateKey),
        certificate: certify({
          subject,
          issuer: name,
          isAuthority: false,
          publicKey: keys.publicKey,
          signer: own.privateKey,
          ...(validDays === undefined ? {} : { validDays }),
        }),
      }
    },
  }
}

export interface Certified {
  readonly subject: string
  readonly issuer: string
  readonly isAuthority: boolean
  readonly publicKey: KeyObject
  readonly signer: KeyObject
  readonly validDays?: readonly [from: number, to: number]
}

let serial = 0

export function certify({ subject, issuer, isAuthority, publicKey, signer, validDays = [-1, 1] }: Certified): string {
  const [from, to] = validDays
  const extensions = sequence(
    sequence(oid([0x55, 0x1d, 0x11]), der(0x04, sequence(der(0x82, Buffer.from(subject))))),
    sequence(oid([0x55, 0x1d, 0x13]), TRUE, der(0x04, isAuthority ? sequence(TRUE) : sequence())),
  )
  serial += 1
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1, serial >> 8, serial & 0xff])),
    ECDSA_WITH_SHA256,
    named(issuer),
    sequence(time(Date.now() + from * DAY_MS), time(Date.now() + to * DAY_MS)),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, signer)]))
  return pem(sequence(body, ECDSA_WITH_SHA256, signature))
}

function named(name: string): Buffer {
  return sequence(der(0x31, sequence(oid([0x55, 0x04, 0x03]), der(0x0c, Buffer.from(name)))))
}

export function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** One ASN.1 value: its tag, its length and its bytes. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

function sequence(...items: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(items))
}

function oid(bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes))
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return der(0x18, Buffer.from(digits))
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').replaceAll(/(.{64})/g, '$1\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

import { generateKeyPairSync } from 'node:crypto'
import { certify, type Identity, pkcs8 } from './certificates.ts'

/** A new key and a certificate for one DNS name that vouches for itself, valid for a day around now. */
export function selfSigned(name: string): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = certify({ subject: name, issuer: name, isAuthority: true, publicKey, signer: privateKey })
  return { key: pkcs8(privateKey), certificate }
}

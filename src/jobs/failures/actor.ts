import { hostname, userInfo } from 'node:os'

/** Who acts where nobody says so: `user@host`, for the audit. */
export function defaultActor(): string {
  return `${userName()}@${hostname()}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user id without a name, as in many containers.
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}

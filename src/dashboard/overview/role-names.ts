import type { LinkRole } from '../../failover/status.ts'

/** What the links of a connection are called on pages. */
export const ROLE_NAMES: Readonly<Record<LinkRole, string>> = { producer: 'Sends', listener: 'Deliveries' }

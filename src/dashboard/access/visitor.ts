/** What somebody may do: look, act on jobs and queues, or do what cannot be taken back. */
export type Role = 'viewer' | 'operator' | 'admin'

/** Who asks. */
export interface Visitor {
  /** For the audit. */
  readonly name: string
  readonly role: Role
}

/** From the least. */
export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']

/** Whether a visitor may do what takes this role at least. */
export function mayDo(visitor: Pick<Visitor, 'role'>, role: Role): boolean {
  return ROLES.indexOf(visitor.role) >= ROLES.indexOf(role)
}

/** What somebody may do: look, act on jobs and queues, or do what cannot be taken back. */
export type Role = 'viewer' | 'operator' | 'admin'

/** Who asks. */
export interface Visitor {
  /** For the audit. */
  readonly name: string
  readonly role: Role
}

/** Whether what an application returned is one: callers without types are asked too. */
export function isVisitor(value: unknown): value is Visitor {
  if (typeof value !== 'object' || value === null) return false
  const { name, role } = value as Partial<Record<keyof Visitor, unknown>>
  return typeof name === 'string' && name !== '' && ROLES.includes(role as Role)
}

/** From the least. */
export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']

/** Whether a visitor may do what takes this role at least. */
export function mayDo(visitor: Pick<Visitor, 'role'>, role: Role): boolean {
  return ROLES.indexOf(visitor.role) >= ROLES.indexOf(role)
}

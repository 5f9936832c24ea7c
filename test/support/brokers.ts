import { createLabs } from '../../infra/labs/labs.ts'

/**
 * Why tests against a lab's real brokers are skipped here, or false where they can run. With
 * `UNDERSTUDY_REQUIRE_BROKERS=1` a broker that is not there is a failure, and none is skipped.
 */
export function brokerSkip(lab: string): string | false {
  const found = createLabs()
    .list()
    .find(({ name }) => name === lab)
  if (found === undefined) throw new Error(`there is no lab ${lab}`)
  if (found.availability.available) return false
  const { reason, remedy } = found.availability
  if (process.env['UNDERSTUDY_REQUIRE_BROKERS'] === '1') {
    throw new Error(`UNDERSTUDY_REQUIRE_BROKERS is set, and lab ${lab} cannot run here: ${reason}; ${remedy}`)
  }
  return `${reason}; ${remedy}`
}

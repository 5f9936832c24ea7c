/**
 * How this program is called from here, for the commands that it prints. What npm started lies in a
 * project's own folder, where only npx finds it.
 */
export function invocation(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['npm_command'] === undefined ? 'understudy' : 'npx understudy'
}

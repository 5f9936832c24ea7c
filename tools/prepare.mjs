// Builds what the command runs, unless it is newer than all that it is made of: `npx` in a clone prepares the package
// once more, and whoever runs the command in another terminal meanwhile needs the files that a build replaces.
import { execSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'

const SOURCES = ['src', 'adapters', 'infra', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']
const BUILT = 'dist/src/cli/main.js'

/** The latest change of a file or of anything in a folder, its names included, in milliseconds since the epoch. */
function changedAt(path) {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => changedAt(`${path}/${name}`)))
}

const builtAt = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0
if (builtAt < Math.max(...SOURCES.map(changedAt))) execSync('npm run --silent build', { stdio: 'inherit' })

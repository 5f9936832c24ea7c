#!/usr/bin/env node
// Nothing is imported here but what every Node since 14 can read: an old one gets a sentence, not a stack.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`understudy: needs Node 22.18 or later; this is ${process.versions.node}\n`)
  process.exitCode = 64
} else {
  const { run } = await import('./program.ts')
  process.exitCode = await run(process.argv.slice(2))
}

import { sharedScript } from './browser-code.ts'
import { JOBS_SCRIPT } from './jobs-script.ts'
import { LATENCY_SCRIPT } from './latency-script.ts'
import { MAP_SCRIPT } from './map-script.ts'

// The answer is painted before the jobs are read: they may be a hundred thousand.
const START = String.raw`
function start() {
  const run = JSON.parse(document.getElementById('run-data').textContent)
  const text = atob(document.getElementById('job-records').textContent)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  run.nameOf = (endpoint) => (endpoint === null ? 'no broker' : Object.hasOwn(run.names, endpoint) ? run.names[endpoint] : endpoint)
  const columns = unpackJobs(bytes, run.table)
  const showJob = jobList(run, columns)
  jobMap(run, columns, showJob)
  latencyPlot(run, columns, showJob)
  performance.mark('report-ready')
}
document.documentElement.classList.add('scripted')
requestAnimationFrame(() => setTimeout(start))
`

/** The report's own script: reads the jobs that stand in the page, draws them, and finds and tells each. */
export function reportScript(): string {
  return `(() => {\n'use strict'\n${[sharedScript(), LATENCY_SCRIPT, MAP_SCRIPT, JOBS_SCRIPT, START].join('\n')}\n})()`
}

import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PATHS = [
  process.env['CHROMIUM_PATH'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** Where a Chromium is; undefined where there is none. */
const executablePath = PATHS.find((path) => path !== '' && existsSync(path))

/** Why tests in a browser are skipped here, or false where they can run. */
export const browserSkip: string | false =
  executablePath === undefined ? 'there is no Chromium here (CHROMIUM_PATH may name one)' : false

/** A browser without a window, and without traffic of its own. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  })
}

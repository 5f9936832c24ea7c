import { createHash } from 'node:crypto'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

const hashOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16)

/** Named after what is in it, so that browsers may keep it for good. */
export const STYLE_PATH: string = `/assets/${hashOf(STYLE)}.css`
export const SCRIPT_PATH: string = `/assets/${hashOf(SCRIPT)}.js`

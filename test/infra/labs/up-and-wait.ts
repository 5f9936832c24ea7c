// A process that puts up the embedded lab, says so, and waits to be killed.
//   node up-and-wait.ts ROOT stays|owned [STEP]    with STEP: says so at the start of that step, and goes on
import { createLabs } from '../../../infra/labs/labs.ts'

const [root = '', how, step] = process.argv.slice(2)
const lab = await createLabs({ root }).up('embedded', {
  stays: how === 'stays',
  onProgress: (line) => {
    if (line === step) process.stdout.write('step\n')
  },
})
process.stdout.write(`${lab.id}\n`)
if (how === 'owned') setInterval(() => {}, 1000)

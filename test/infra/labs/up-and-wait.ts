// A process that puts up a lab, says so, and waits to be killed.
//   node up-and-wait.ts ROOT embedded|idle|idle-netns stays|owned [STEP]    with STEP: says so as that step begins
import { embedded } from '../../../infra/labs/embedded/pair.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { idleLab } from './idle-lab.ts'
import { idleNetnsLab } from './idle-netns-lab.ts'

const [root = '', name = '', how, step] = process.argv.slice(2)
const lab = await createLabs({ root, kinds: [embedded, idleLab(), idleNetnsLab()] }).up(name, {
  stays: how === 'stays',
  onProgress: (line) => {
    if (line === step) process.stdout.write('step\n')
  },
})
process.stdout.write(`${lab.id}\n`)
if (how === 'owned') setInterval(() => {}, 1000)

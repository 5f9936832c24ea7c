import { inNamespaces } from '../../../infra/labs/in-netns.ts'
import type { LabKind } from '../../../infra/labs/lab.ts'
import { everybodyBut, silentCut } from '../../../infra/netns/silence-fault.ts'
import { idleLab } from './idle-lab.ts'

const UNKNOWN = { lowerMs: 0, upperMs: null, because: 'nobody says so' }

/** Two processes that do nothing, each in a network namespace of its own. */
export function idleNetnsLab(settle?: () => Promise<string>): LabKind {
  return inNamespaces(idleLab(), {
    name: 'idle-netns',
    description: 'two processes that do nothing in network namespaces',
    hosts: ['a', 'b'],
    faultNames: ['partition', 'isolate'],
    faults: (lab) => [
      silentCut(lab, {
        name: 'partition',
        summary: 'a loses b',
        done: 'parted',
        from: () => ['b'],
        predicted: UNKNOWN,
        ...(settle === undefined ? {} : { settle }),
      }),
      silentCut(lab, {
        name: 'isolate',
        summary: 'a loses everybody',
        done: 'isolated',
        from: everybodyBut(lab.network),
        predicted: UNKNOWN,
      }),
    ],
  })
}

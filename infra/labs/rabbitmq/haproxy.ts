import type { BrokerControl } from '../../../src/drill/broker-control.ts'
import type { Fault, Prediction } from '../../../src/drill/fault.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { startHaproxy } from '../haproxy/process.ts'
import {
  CHECK_TIMES,
  HAPROXY,
  HAPROXY_STATS,
  type HaproxyCheck,
  haproxyConfigFile,
  haproxySettings,
} from '../haproxy/config.ts'
import { type HaproxyInstallation, findHaproxy, wrongHaproxyHome } from '../haproxy/installation.ts'
import type { Availability, Blueprint, LabKind } from '../lab.ts'
import type { LabFolder } from '../lab-folder.ts'
import { portOf } from '../processes/node-control.ts'
import { rabbitmqClassic, rabbitmqQuorum } from './cluster.ts'

/** From a node that refuses connections to the HAProxy that hands it no session any more. */
function markedDownMs(check: HaproxyCheck): number {
  const { interMs, fall } = CHECK_TIMES[check]
  return interMs * fall
}

/** The same three nodes, which clients reach through one HAProxy alone. */
export const rabbitmqQuorumHaproxy: LabKind = behindHaproxy(rabbitmqQuorum, 'amqp')
export const rabbitmqQuorumHaproxyPlain: LabKind = behindHaproxy(rabbitmqQuorum, 'plain')
export const rabbitmqClassicHaproxy: LabKind = behindHaproxy(rabbitmqClassic, 'amqp')
export const rabbitmqClassicHaproxyPlain: LabKind = behindHaproxy(rabbitmqClassic, 'plain')

function behindHaproxy(kind: LabKind, check: HaproxyCheck): LabKind {
  const name = `${kind.name}-haproxy${check === 'amqp' ? '' : `-${check}`}`
  const asks = check === 'amqp' ? 'greets each as an AMQP client does' : 'connects to each and says nothing'
  return {
    name,
    description: `${kind.description}, behind an HAProxy that ${asks}`,
    faultNames: kind.faultNames,
    availability: (understudy) => availability(kind, understudy),
    blueprint: () => blueprint(name, kind, check),
    start: async (folder, context) => {
      await kind.start(folder, context)
      await context.step(HAPROXY, async () => await startHaproxy(folder, installation(name), check, context.signal))
    },
    control: (folder) => control(name, kind, check, folder),
  }
}

function availability(kind: LabKind, understudy: string): Availability {
  const brokers = kind.availability(understudy)
  if (!brokers.available) return brokers
  const haproxy = findHaproxy()
  if (haproxy !== undefined) return { available: true, detail: `${brokers.detail}, ${haproxy.product}` }
  const wrong = wrongHaproxyHome()
  if (wrong !== undefined) return { available: false, reason: wrong, remedy: 'set it to where HAProxy is, or unset it' }
  return {
    available: false,
    reason: 'HAProxy is not installed',
    remedy: `run \`${understudy} lab install\`, or set HAPROXY_HOME to the folder that holds it`,
  }
}

function installation(lab: string): HaproxyInstallation {
  const found = findHaproxy()
  if (found !== undefined) return found
  throw new UnderstudyError('unsupported', `lab ${lab} cannot run here: HAProxy is not installed`)
}

function blueprint(name: string, kind: LabKind, check: HaproxyCheck): Blueprint {
  const { product } = installation(name)
  const brokers = kind.blueprint()
  return {
    ...brokers,
    otherPorts: [...brokers.otherPorts, HAPROXY, HAPROXY_STATS],
    settings: { ...brokers.settings, haproxy: product, ...haproxySettings(check) },
  }
}

function control(lab: string, kind: LabKind, check: HaproxyCheck, folder: LabFolder): BrokerControl {
  const brokers = kind.control(folder)
  const { ports, scheme } = folder.read()
  return {
    ...brokers,
    lab,
    entrances: [{ name: HAPROXY, endpoint: `${scheme}://127.0.0.1:${portOf(ports, HAPROXY)}` }],
    slowestTakeoverMs: brokers.slowestTakeoverMs + markedDownMs(check),
    faults: brokers.faults.map((fault) => withCheck(fault, check)),
    files: [...brokers.files, haproxyConfigFile(folder), folder.log(HAPROXY)],
  }
}

/** The same fault; what is predicted knows of HAProxy too. */
function withCheck(fault: Fault, check: HaproxyCheck): Fault {
  const said = sayings(check)[fault.name]
  const { predicted } = fault
  if (said === undefined || predicted === undefined) return fault
  const { lowerMs, upperMs, because } = predicted
  const later: Prediction = {
    lowerMs,
    upperMs: upperMs === null ? null : upperMs + markedDownMs(check),
    because: `${because}; ${said}`,
  }
  return { ...fault, predicted: later }
}

function sayings(check: HaproxyCheck): Readonly<Record<string, string>> {
  const { interMs, fall } = CHECK_TIMES[check]
  const periods = `inter ${interMs / 1000} s, fall ${fall}`
  const refusing = `HAProxy goes on handing sessions to a node that refuses them until enough checks failed (${periods})`
  const silent =
    check === 'amqp'
      ? `HAProxy's AMQP check gets no answer from it and ends its sessions (${periods}, on-marked-down shutdown-sessions)`
      : "HAProxy's plain check sees nothing, since the port of a paused node still accepts: clients have their own heart-beat alone"
  return {
    kill: refusing,
    stop: refusing,
    'kill-follower': refusing,
    'kill-two': refusing,
    pause: silent,
    'pause-client': silent,
  }
}

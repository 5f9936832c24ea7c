// stompit's ConnectFailover and one Channel over it, which sends again what had no receipt.
import type { OpenClient } from './client.ts'
import { overChannels } from './stompit-channel.ts'
import { connectOptions, driver } from './stompit-client.ts'

export const open: OpenClient = async (target, failed) => {
  const failover = new driver.ConnectFailover([connectOptions(target)], {})
  failover.on('error', failed)
  const channel = new driver.Channel(failover, { alwaysConnected: true })
  return overChannels(
    channel,
    async () => channel,
    failed,
    () => channel.close(),
  )
}

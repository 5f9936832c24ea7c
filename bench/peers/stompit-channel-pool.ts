// stompit's ChannelPool: a channel for sending and one for taking.
import type { OpenClient } from './client.ts'
import { overChannels } from './stompit-channel.ts'
import { connectOptions, driver, type StompitChannel } from './stompit-client.ts'

export const open: OpenClient = async (target, failed) => {
  const failover = new driver.ConnectFailover([connectOptions(target)], {})
  failover.on('error', failed)
  const pool = new driver.ChannelPool(failover, {})
  const take = async (): Promise<StompitChannel> =>
    await new Promise((resolve, reject) => {
      pool.channel((error, channel) => (error ? reject(error) : resolve(channel)))
    })
  return overChannels(await take(), take, failed, () => pool.close())
}

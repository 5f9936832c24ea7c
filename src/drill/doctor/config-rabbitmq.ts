import type { Settings } from './settings-findings.ts'

/** What a node's own file says that its management API does not tell. RabbitMQ's defaults are filled in. */
export function readRabbitmqConf(text: string): Settings {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, value] = /^\s*([\w.]+)\s*=\s*([^#]*?)\s*(?:#.*)?$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) values.set(name, value.replaceAll(/^'|'$/g, ''))
  }
  const timeout = values.get('consumer_timeout')
  return {
    clusterPartitionHandling: values.get('cluster_partition_handling') ?? 'ignore',
    ...(timeout !== undefined && /^\d+$/.test(timeout) ? { consumerTimeoutMs: Number(timeout) } : {}),
  }
}

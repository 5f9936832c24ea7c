/**
 * File systems of other hosts, by the number that statfs gives on Linux (linux/magic.h). SQLite's write-ahead log is
 * memory that processes share, which they cannot over a network. https://sqlite.org/wal.html
 */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
  [0x47504653, 'GPFS'],
])

/** The name of a file system of other hosts; undefined for one of this host, or one that is not known. */
export function networkFileSystem(type: number): string | undefined {
  // Some systems give it as a signed number.
  return NETWORK_FILE_SYSTEMS.get(type >>> 0)
}

/**
 * Ends this process at once where only a host name that is still being looked up holds it. The system's
 * resolver may take many seconds over that and cannot be called off, and nobody waits for its answer any
 * more. All that was printed goes out first. In any other case, and where a process cannot be replaced
 * (Windows), it does nothing, and the process ends by itself.
 */
export async function leave(exitCode: number): Promise<void> {
  if (process.execve === undefined || !process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) return
  await Promise.all([process.stdout, process.stderr].map(written))
  // That it is experimental is nothing for a user to read.
  process.removeAllListeners('warning')
  // Even process.exit waits for the thread that looks the name up; another program in its place does not.
  process.execve('/bin/sh', ['sh', '-c', `exit ${exitCode}`], {})
}

/** Resolves when the stream has nothing more to write, or can write no more. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()))
}

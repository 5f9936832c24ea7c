/**
 * Calls an observer of the application's. One that throws, or is an async function that fails, is its owner's trouble:
 * whoever tells it goes on.
 *
 * @param failed hears why, to log it. Must not throw. Defaults to nobody.
 */
export function tellObserver(tell: () => unknown, failed: (error: unknown) => void = () => {}): void {
  try {
    const told = tell()
    if (told instanceof Promise) told.catch(failed)
  } catch (error) {
    failed(error)
  }
}

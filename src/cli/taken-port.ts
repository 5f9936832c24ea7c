import { UnderstudyError } from '../errors.ts'
import { isPortTaken } from '../listen-problem.ts'
import { Exit, EXIT } from './exit-code.ts'

/** To be called with why a server cannot listen. @throws Exit that names the option of another port; else what it is. */
export function namingOption(option: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof UnderstudyError) || !isPortTaken(error.cause)) throw error
    throw new Exit(EXIT.badArguments, `${error.message}: give another with ${option}`)
  }
}

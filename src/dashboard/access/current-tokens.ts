import { messageOf } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { type Access, checkTokens, tokensOf } from './access.ts'
import { Tokens } from './tokens.ts'

export interface CurrentTokensOptions {
  readonly access: Pick<Access, 'tokens'>
  readonly logger: Logger
  /** Other tokens hold from now on. */
  readonly onChange: (tokens: Tokens) => void
}

/** The tokens that hold now, where an application or a file may change them. */
export class CurrentTokens {
  readonly #options: CurrentTokensOptions
  #list: Access['tokens'] | undefined
  #tokens: Tokens
  #wrong: string | undefined

  /** The list was checked. */
  constructor(options: CurrentTokensOptions) {
    this.#options = options
    const list = tokensOf(options.access)
    this.#list = list
    this.#tokens = new Tokens(list ?? [])
  }

  /** Asks for them: where that cannot be, or they are not as they should be, those before hold. */
  get now(): Tokens {
    const { access, logger, onChange } = this.#options
    if (typeof access.tokens !== 'function') return this.#tokens
    try {
      const list = tokensOf(access) ?? []
      if (list === this.#list) return this.#tokens
      this.#list = list
      checkTokens(list)
      this.#tokens = new Tokens(list)
      this.#wrong = undefined
    } catch (error) {
      const wrong = messageOf(error)
      // It is asked at every request, and told once.
      if (wrong !== this.#wrong) logger.error({ error: wrong }, 'the tokens could not be changed: those before hold')
      this.#wrong = wrong
      return this.#tokens
    }
    onChange(this.#tokens)
    return this.#tokens
  }
}

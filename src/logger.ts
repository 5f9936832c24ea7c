/** The part of a pino logger that this package calls. Any logger of that shape fits. */
export interface Logger {
  /** What only whoever looks for a fault wants to see. */
  debug(fields: object, message: string): void
  /** What goes as it should, such as a connection that is there. */
  info(fields: object, message: string): void
  /** What went wrong and is being mended, such as a lost broker. */
  warn(fields: object, message: string): void
  /** What went wrong for good. */
  error(fields: object, message: string): void
}

const nothing = (): void => {}

/** The default: says nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** The same logger, except that one that throws (a closed stream, a dead worker) disturbs nobody. */
export function patientLogger(logger: Logger): Logger {
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        logger[level](fields, message)
      } catch {
        // Its owner's trouble: the connection must go on.
      }
    }
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}

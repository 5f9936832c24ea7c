// rascal brings no types: the part of it that the peer uses.
declare module 'rascal' {
  interface Publication {
    on(event: 'success', listener: () => void): this
    on(event: 'error' | 'return', listener: (error: unknown) => void): this
  }

  interface Subscription {
    on(
      event: 'message',
      listener: (
        message: { readonly content: Buffer; readonly properties: { readonly correlationId?: string } },
        content: unknown,
        ackOrNack: (error?: Error) => void,
      ) => void,
    ): this
    on(event: 'error', listener: (error: unknown) => void): this
    on(event: 'subscribed', listener: () => void): this
  }

  interface Broker {
    on(event: 'error', listener: (error: unknown) => void): this
    publish(name: string, body: Buffer, overrides: object): Promise<Publication>
    subscribe(name: string, overrides: object): Promise<Subscription>
    shutdown(): Promise<void>
  }

  const rascal: {
    readonly BrokerAsPromised: { create(config: object): Promise<Broker> }
    withDefaultConfig(this: void, config: object): object
  }
  export default rascal
}

// stompit brings no types, and @types/stompit describes an older release: see driver.ts for what we use.
declare module 'stompit' {
  const stompit: { readonly connect: unknown }
  export default stompit
}

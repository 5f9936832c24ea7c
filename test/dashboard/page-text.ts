/** The text of a page as it is read: without markup, and with every character as itself. */
export function readable(page: string): string {
  return page
    .replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, '')
    .replaceAll(/<\/(?:p|li|h\d|div|dt|dd|td|th|label|button|option|ul|section)>/g, ' ')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, ' ')
}

/** What a form carries on in fields that are not seen. */
export function hiddenFields(page: string): Record<string, string[]> {
  const fields: Record<string, string[]> = {}
  const form = page.slice(page.indexOf('<form class="confirm"'))
  for (const [, name = '', value = ''] of form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    const text = value.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    ;(fields[name] ??= []).push(text)
  }
  return fields
}

export async function allOf<One>(list: AsyncIterable<One>): Promise<One[]> {
  const all: One[] = []
  for await (const one of list) all.push(one)
  return all
}

/** What a stream says until it has said this. */
export async function textWithin(body: ReadableStream<Uint8Array> | null, wanted: string): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes(wanted)) break
  }
  return text
}

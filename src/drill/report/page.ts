import { type Html, html, policyHash, trusted } from '../../page/html.ts'
import { PAGE_STYLE } from './style/page-style.ts'

export interface PageOptions {
  /** Scripts of this package to run after the body, in order. Defaults to none. */
  readonly scripts?: readonly string[]
  /** Style that stands before the page's own, such as a library's. Defaults to none. */
  readonly libraryStyle?: string
}

/** The whole document. Its policy allows its own style and scripts, by their hashes, and nothing else at all. */
export function page(title: string, body: Html, options: PageOptions = {}): string {
  // A parser turns every line end into a line feed before the policy's hash is taken.
  const inline = (text: string): string => text.replaceAll(/\r\n?/g, '\n')
  const style = inline(`${options.libraryStyle ?? ''}\n${PAGE_STYLE}`)
  const scripts = (options.scripts ?? []).map(inline)
  const policy = [
    "default-src 'none'",
    `style-src ${policyHash(style)}`,
    ...(scripts.length > 0 ? [`script-src ${scripts.map(policyHash).join(' ')}`] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
${body}
${scripts.map((script) => html`<script>${trusted(script)}</script>`)}
</body>
</html>
`.markup
}

import { type Html, html, policyHash, trusted } from './html.ts'
import { LATENCY_SCRIPT, plotLibrary } from './latency-plot.ts'
import { PAGE_STYLE } from './style.ts'

/** The whole document. Its policy allows its own style and scripts, by their hashes, and nothing else at all. */
export function page(title: string, body: Html): string {
  const library = plotLibrary()
  // A parser turns every line end into a line feed before the policy's hash is taken.
  const inline = (text: string): string => text.replaceAll(/\r\n?/g, '\n')
  const style = inline(`${library.style}\n${PAGE_STYLE}`)
  const scripts = [inline(library.script), inline(LATENCY_SCRIPT)]
  const policy = [
    "default-src 'none'",
    `style-src ${policyHash(style)}`,
    `script-src ${scripts.map(policyHash).join(' ')}`,
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
${body}
${scripts.map((script) => html`<script>${trusted(script)}</script>`)}
</body>
</html>
`.markup
}

import { type Content, html, type Html } from '../page/html.ts'
import type { Visitor } from './access/visitor.ts'
import { SCRIPT_PATH, STYLE_PATH } from './assets/assets.ts'
import { type DashboardContext, href } from './context.ts'
import { brokerLine, brokersTold } from './overview/broker-line.ts'

/** The pages that the navigation names. */
type NavKey = 'overview' | 'queues' | 'working' | 'workers' | 'failures' | 'requests' | 'drills' | 'timeline' | 'audit'

const NAV: Readonly<Record<NavKey, { readonly title: string; readonly path: string; readonly key: string }>> = {
  overview: { title: 'Overview', path: '/', key: 'o' },
  queues: { title: 'Queues', path: '/queues', key: 'q' },
  working: { title: 'Working', path: '/working', key: 'w' },
  workers: { title: 'Workers', path: '/workers', key: 'k' },
  failures: { title: 'Failures', path: '/failures', key: 'f' },
  requests: { title: 'Requests', path: '/requests', key: 'r' },
  drills: { title: 'Drills', path: '/drills', key: 'd' },
  timeline: { title: 'Timeline', path: '/timeline', key: 't' },
  audit: { title: 'Audit', path: '/audit', key: 'a' },
}

export interface PageOptions {
  /** Of the document; its `h1` is the page's own. */
  readonly title: string
  /** Defaults to none, for a page that is no part of any. */
  readonly current?: NavKey
  /** Begins with an `h1`. */
  readonly main: Content
  /** The name that the page's live parts are registered under. Defaults to none: then only the broker's line is live. */
  readonly live?: string | undefined
  /** What of it the page is about, such as the id of a failure. Defaults to nothing. */
  readonly of?: string | undefined
}

/** A whole page: who is master always on top, the way to every other page, and what it is about. */
export function page(
  context: DashboardContext,
  visitor: Visitor,
  { title, current, main, live, of }: PageOptions,
): Html {
  const streamed = new URLSearchParams({ page: live ?? 'none', ...(of === undefined ? {} : { of }) })
  return document(
    context,
    title,
    html`<header class="top">
<a class="product" href="${href(context, '/')}">${context.title}</a>
<div class="brokers" id="broker-line" role="group" aria-label="Brokers">${brokerLine(context)}</div>
<p class="unseen" id="broker-told" role="status">${brokersTold(context)}</p>
<div class="visitor"><span class="quiet">${visitor.name}, ${visitor.role}</span>${logOut(context)}</div>
<p class="live" id="live-state" data-live="waiting">As it was when it was loaded</p>
</header>
<nav class="main-nav" aria-label="Pages of the dashboard"><ul>${(Object.keys(NAV) as NavKey[]).map(
      (key) =>
        html`<li><a href="${href(context, NAV[key].path)}" data-key="${NAV[key].key}"${key === current ? html` aria-current="page"` : ''}>${NAV[key].title}</a></li>`,
    )}</ul></nav>
<main id="content" data-events="${href(context, `/events?${streamed.toString()}`)}">${main}</main>
<footer class="foot"><p>${breakable(context.connection.uri)}</p>
<p class="keys" data-needs-script hidden><label><input type="checkbox" id="keys-on" checked> Keys</label>: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> along the rows, <kbd>g</kbd> and ${keys()} to a page</p></footer>`,
  )
}

/** Broken between its brokers where it is too long for a line, and not within an address. */
function breakable(uri: string): Html {
  return html`${uri.split(/(?<=,)/).map((part) => html`${part}<wbr>`)}`
}

/** A page without the navigation, for who is not let in. */
export function bareDocument(context: DashboardContext, title: string, body: Html): Html {
  return document(context, title, body)
}

/** The letters that lead to pages, in the order of the navigation. */
function keys(): Content {
  return Object.values(NAV).map(({ key, title }) => html`<kbd title="${title}">${key}</kbd> `)
}

function logOut(context: DashboardContext): Content {
  return context.hasLogin
    ? html`<form method="post" action="${href(context, '/logout')}"><button class="quiet">Log out</button></form>`
    : ''
}

function document(context: DashboardContext, title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${context.title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${href(context, STYLE_PATH)}">
<script src="${href(context, SCRIPT_PATH)}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
${body}
</body>
</html>
`
}

import { type Content, type Html, html } from '../../page/html.ts'
import { literal } from '../failures/literal.ts'

export interface ActionOptions {
  /** Where the form is sent, as `href` says. */
  readonly action: string
  readonly label: string
  /** For who cannot see the row that it stands in, such as `Pause queue images`. Defaults to the label. */
  readonly title?: string
  readonly fields?: Readonly<Record<string, string>>
  /** `strong` for the one thing to do on a page, `danger` for what cannot be taken back. Defaults to quiet. */
  readonly tone?: 'quiet' | 'strong' | 'danger'
}

/** A button that changes something: a form, which is always a POST. */
export function actionButton({ action, label, title, fields = {}, tone = 'quiet' }: ActionOptions): Html {
  return html`<form method="post" action="${action}" class="action">${hiddenFields(fields)}<button class="${tone}"${
    title === undefined || title === label ? '' : html` aria-label="${title}"`
  }>${label}</button></form>`
}

function hiddenFields(fields: Readonly<Record<string, string>>): readonly Html[] {
  return Object.entries(fields).map(([name, value]) => hiddenField(name, value))
}

/** Its value comes back letter by letter, however long it is and whatever cannot be seen of it. */
export function hiddenField(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${literal(value)}">`
}

export interface ConfirmationOptions extends ActionOptions {
  readonly question: string
  /** What it will do, and to how many. */
  readonly told: Content
  /** Where to go instead. */
  readonly back: string
}

/** Asks before something that touches more than was seen: a page of its own, reached by a GET that changes nothing. */
export function confirmation({ question, told, back, ...action }: ConfirmationOptions): Html {
  return html`<section class="confirmation"><h1>${question}</h1>
<div class="told">${told}</div>
<div class="choices">${actionButton(action)}<a class="button" href="${back}">Leave it as it is</a></div></section>`
}

/** What can be pressed and written in. Everything to be pressed is at least 24 pixels high, and 36 on a phone. */
export const FORM_STYLE: string = `
button, .button, input, select, textarea { font: inherit; color: inherit; border-radius: 5px; }
button, .button {
  display: inline-block; padding: 3px 12px; min-height: 30px; line-height: 22px; border: 1px solid var(--rule);
  background: var(--paper); cursor: pointer; text-decoration: none; color: var(--ink); white-space: nowrap;
}
button:hover, .button:hover { border-color: var(--muted); background: var(--panel); }
button.strong, .button.strong { background: var(--accent); border-color: var(--accent); color: var(--paper); font-weight: 650; }
button.strong:hover, .button.strong:hover { filter: brightness(1.08); }
button.quiet { color: var(--ink); }
button.danger { border-color: var(--bad); color: var(--bad); }
button:disabled { color: var(--muted); cursor: default; }
form.action { display: inline-block; margin: 0; }
.visitor form { margin: 0; }
.visitor button { min-height: 26px; padding: 0 10px; font-size: var(--small); }
input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea {
  padding: 4px 10px; min-height: 34px; border: 1px solid var(--muted); background: var(--paper); max-width: 100%;
}
input::placeholder { color: var(--muted); opacity: 1; }
textarea { width: 100%; font-family: var(--mono); font-size: 0.93em; }
label { display: inline-block; }
input[type=checkbox] { width: 17px; height: 17px; margin: 0; vertical-align: -3px; accent-color: var(--accent); }
input[aria-invalid], textarea[aria-invalid] { border-color: var(--bad); }
.finder { margin: 18px 0 0; }
.finder-line { display: flex; flex-wrap: wrap; gap: 6px 8px; align-items: center; }
.finder-line label { flex-basis: 100%; font-size: var(--small); color: var(--muted); }
.finder-line input { flex: 1 1 240px; min-width: 0; font-family: var(--mono); font-size: 0.93em; }
.quick-filters { display: flex; flex-wrap: wrap; gap: 8px 16px; margin-top: 10px; align-items: end; }
.quick-filters > div { display: grid; gap: 2px; flex: 0 1 170px; min-width: 0; }
.quick-filters > .fitting { flex: none; }
.quick-filters label { font-size: var(--small); color: var(--muted); }
.quick-filters input, .quick-filters select, .quick-filters button, .finder-line button { height: 34px; }
.quick-filters input, .quick-filters select { width: 100%; min-width: 0; }
.choices { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 20px; align-items: center; }
.login form { display: grid; gap: 8px; margin: 20px 0; }
.login button { justify-self: start; margin-top: 6px; }
.heading .action { margin-left: auto; }
.heading .action + .action { margin-left: 0; }

@media (max-width: 760px) {
  button, .button { min-height: 38px; line-height: 30px; }
  .visitor button { min-height: 30px; line-height: 26px; }
  .quick-filters > div { flex: 1 1 130px; }
  .quick-filters > .fitting { flex: none; }
  .quick-filters input, .quick-filters select, .quick-filters button, .finder-line :is(input, button) { height: 40px; }
}
`

// Alerts: what is open, what was, the rules, and who is to be left in peace.
import { html, useState } from "./vendor/preact.js";
import { ask_end_silence, ask_rule, ask_silence } from "./actions.js";
import { AlertList } from "./alert_list.js";
import { age, known, list, moment, rows } from "./format.js";
import { Empty, Failed, Panel, Severity, Table } from "./parts.js";
import { use_resource } from "./resource.js";
import { use_store } from "./store.js";

function RuleForm({ rule, done }) {
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const wanted = { enabled: form.get("enabled") === "on", for_s: Number(form.get("for_s")) };
    if (form.has("threshold")) wanted.threshold = Number(form.get("threshold"));
    const patch = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => value !== rule[key]));
    ask_rule(rule, patch, done);
  };
  return html`<form class="rule-form" onSubmit=${submit}>
    <label><input type="checkbox" name="enabled" defaultChecked=${rule.enabled} /> on</label>
    ${known(rule.threshold) && html`<label>Threshold <input type="number" name="threshold" step="any"
      defaultValue=${rule.threshold} /> ${rule.unit || ""}</label>`}
    <label>For <input type="number" name="for_s" min="0" step="any" defaultValue=${rule.for_s ?? 0} /> s</label>
      <button class="primary">Change</button></form>`;
}

// "1 death", "3 times the usual"
const amount = (value, unit) => `${value} ${value === 1 ? unit.replace(/^(death|time)s\b/, "$1") : unit}`;

function Rule({ rule, reload }) {
  const [open, set_open] = useState(false);
  return html`<tr><th scope="row">${rule.name}<br /><span class="quiet">${rule.text}</span></th><td class="rank-2"><${Severity}
    of=${rule.severity} /></td>
    <td class="n amount">${known(rule.threshold) ? amount(rule.threshold, rule.unit || "") : "–"}</td><td class="n rank-2">${age(rule.for_s)}</td>
      <td>${rule.enabled ? "on" : "off"}</td>
    <td class="act"><button aria-expanded=${open} onClick=${() => set_open(!open)}>Change<span class="sr"> ${rule.name}</span>
      </button></td></tr>
    ${open && html`<tr><td colspan="6"><${RuleForm} rule=${rule} done=${() => (set_open(false), reload())} /></td></tr>`}`;
}

function SilenceForm({ done }) {
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    ask_silence(form.get("pattern").trim(), Number(form.get("hours")), form.get("comment"), done);
  };
  return html`<form class="silence-form" onSubmit=${submit}><label>Alerts <input name="pattern" required placeholder="server_down:*"
    spellcheck="false" /></label>
    <label>Hours <input type="number" name="hours" min="0.1" max="720" step="any" defaultValue="1" required /></label>
      <label>Why <input name="comment" maxlength="200" /></label><button>Silence</button></form>`;
}

const Silences = ({ silences, reload }) => html`${silences.length > 0 && html`<${Table} caption="Silences"
  head=${["Alerts", "Until", "By", "Why", html`<span class="sr">End</span>`]}>
  ${silences.map((s) => html`<tr key=${s.id}><th scope="row"><code>${s.matches}</code></th><td>${moment(s.until)}</td><td>
    ${s.by || s.who || "–"}</td>
    <td>${s.comment || "–"}</td><td class="act"><button onClick=${() => ask_end_silence(s, reload)}>End</button></td></tr>`)}<//>`}
  ${!silences.length && html`<p class="quiet">Nothing is silenced.</p>`}<${SilenceForm} done=${reload} />`;

const Rules = ({ rules, reload }) => html`<${Table} caption="Rules" className="rules"
  head=${["Rule", ["Severity", "rank-2"], ["Threshold", "n"], ["For", "n rank-2"], "It is", html`<span class="sr">Change</span>`]}>
  ${rules.map((rule) => html`<${Rule} key=${rule.name} rule=${rule} reload=${reload} />`)}<//>`;

export function AlertsView() {
  const { live } = use_store();
  const { value, error, status, reload } = use_resource("api/v1/alerts?state=all", 10);
  const open = list(live.alerts);
  const resolved = rows(value && value.alerts).filter((a) => a.state === "resolved");
  const ended = resolved.sort((a, b) => (b.resolved_at || 0) - (a.resolved_at || 0)).slice(0, 30);
  const rules = rows(value && value.rules);
  const loading = status === "loading" ? "Loading ..." : null;
  return html`<${Panel} title="Open alerts" note=${open.length ? `${open.length} open` : ""}>${open.length ? html`<${AlertList}
    alerts=${open} done=${reload} />` : html`<${Empty}>No alert is open.<//>`}<//>
    ${error && html`<${Failed} error=${error} what="Alerts" />`}
    <${Panel} title="Rules" note="When somebody is told">${rules.length ? html`<${Rules} rules=${rules} reload=${reload} />`
      : html`<${Empty}>${loading || "This proxy has no rules."}<//>`}<//>
    <${Panel} title="Silences" note="Alerts that nobody is told of for a while"><${Silences}
      silences=${rows(value && value.silences)} reload=${reload} /><//>
    <${Panel} title="Resolved">${ended.length ? html`<${AlertList} alerts=${ended} />` : html`<${Empty}>
      ${loading || "No alert has been resolved since this was recorded."}<//>`}<//>`;
}

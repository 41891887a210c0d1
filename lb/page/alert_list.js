// Alerts, each with its reason, its age and what can be done.
import { html } from "./vendor/preact.js";
import { ask_acknowledge, ask_silence } from "./actions.js";
import { age, known, moment } from "./format.js";
import { Severity } from "./parts.js";
import { href } from "./route.js";
import { proxy_now, state } from "./store.js";

const subject_link = (alert) => {
  const servers = state.live?.servers || [];
  if (servers.some((s) => s.name === alert.subject)) return href("servers", { server: alert.subject });
  return (state.live?.pools || []).some((p) => p.name === alert.subject) ? href("pools", { pool: alert.subject }) : null;
};

function when(alert) {
  if (alert.state === "resolved") return `from ${moment(alert.since)} to ${moment(alert.resolved_at)}`;
  if (!known(alert.since)) return alert.state;
  return `${alert.state} for ${age(proxy_now() - alert.since)}`;
}

const Actions = ({ alert, done }) => html`<span class="alert-actions">
  ${alert.acknowledged ? html`<span
    class="quiet">acknowledged by ${alert.acknowledged.by || "somebody"}, ${moment(alert.acknowledged.at)}</span>` : html`<button
    onClick=${() => ask_acknowledge(alert, done)}>Acknowledge</button>`}
  ${known(alert.silenced_until) ? html`<span class="quiet">silent until ${moment(alert.silenced_until)}</span>` : html`<button
    onClick=${() => ask_silence(alert.id, 1, "", done)}>Silence 1 h</button>`}</span>`;

function Alert({ alert, done }) {
  const link = subject_link(alert);
  return html`<li class=${`alert alert-${alert.state}`}><${Severity} of=${alert.severity} />
    <div class="alert-words"><b>${alert.rule}</b>${alert.subject ? html` · ${link ? html`<a href=${link}>${alert.subject}
      </a>` : alert.subject}` : ""}<span class="quiet"> ${when(alert)}</span><p>${alert.reason || "no reason given"}</p></div>
    ${alert.state !== "resolved" && html`<${Actions} alert=${alert} done=${done} />`}</li>`;
}

export const AlertList = ({ alerts, done }) => html`<ul class="alerts">${alerts.map((alert) => html`<${Alert}
  key=${alert.id + alert.since} alert=${alert} done=${done} />`)}</ul>`;

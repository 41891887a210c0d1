// The gravest open alert in one line, which is there also when all is well, so that nothing moves.
import { html } from "./vendor/preact.js";
import { age, known, plural } from "./format.js";
import { Severity } from "./parts.js";
import { href } from "./route.js";
import { proxy_now } from "./store.js";

const gravity = (a) => (a.state === "firing" ? 0 : 4) + (a.severity === "critical" ? 0 : 2) + (a.acknowledged ? 1 : 0);

export function AlertLine({ alerts }) {
  const [first] = [...alerts].sort((a, b) => gravity(a) - gravity(b));
  if (!first) return html`<p class="alert-line quiet">No alert is open.</p>`;
  const since = known(first.since) ? ` for ${age(proxy_now() - first.since)}` : "";
  return html`<p class=${`alert-line ${first.severity === "critical" ? "bad" : "warn"}`}><${Severity} of=${first.severity} />
    <span class="alert-line-words"><b>${first.rule}</b> · ${first.subject} ${first.state}
      ${since}: ${first.reason || "no reason given"}</span>
    <a href=${href("alerts")}>${alerts.length > 1 ? `all ${plural(alerts.length, "alert")}` : "to the alerts"}</a></p>`;
}

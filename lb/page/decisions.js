// Why a request went where it did: the last decisions with every server that could have had it.
import { html } from "./vendor/preact.js";
import { clock, duration, known, number, rows } from "./format.js";
import { TypeName } from "./palette.js";
import { Empty, Failed, Table } from "./parts.js";
import { use_resource } from "./resource.js";

// One thin bar per candidate, the chosen one filled.
function Candidates({ decision }) {
  const all = rows(decision.candidates).filter((c) => known(c.finish_s)).sort((a, b) => a.finish_s - b.finish_s);
  const shown = all.slice(0, 3);
  const most = Math.max(1e-9, ...shown.map((c) => c.finish_s));
  return html`<div class="candidates">${shown.map((c) => html`<span class=${c.server === decision.server ? "chosen" : ""}>
    <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-ground" width="100"
      height="8" /><rect class="bar-fill" width=${(c.finish_s / most) * 100} height="8" /></svg>
    ${c.server} ${duration(c.finish_s)}</span>`)}${all.length > 3 && html`<span class="quiet">and ${all.length - 3} more</span>`}
      </div>`;
}

export function Decisions({ pool }) {
  const { status, value, error } = use_resource(`api/v1/decisions?pool=${encodeURIComponent(pool)}`, 2);
  if (status === "failed" && !value) return error.status === 404 ? html`<${Empty}>This proxy does not explain its decisions.<//>`
    : html`<${Failed} error=${error} />`;
  const decisions = rows(value && value.decisions).slice(0, 8);
  if (!decisions.length) return html`<${Empty}>${status === "loading" ? "Loading ..." : (value && value.note) || "No decision has been made yet."}<//>`;
  return html`<${Table} caption="The last decisions" className="decisions"
    head=${[["When", "rank-2"], "Type", ["Length", "n rank-2"], ["Waited", "n rank-2"], "Went to", "Would be done in"]}>
    ${decisions.map((d) => html`<tr key=${`${d.time}${d.server}`}><td class="rank-2">${clock(d.time)}</td><td><${TypeName} type=${d.type} /></td>
      <td class="n rank-2">${number(d.length)}</td><td class="n rank-2">${duration(d.waited_s)}</td><td><b>${d.server || "nobody"}
        </b><br />
        <span class="quiet">${d.why || ""}</span></td><td><${Candidates} decision=${d} /></td></tr>`)}<//>`;
}

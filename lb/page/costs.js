// The cost matrix: what is declared and what was learned, side by side.
import { html } from "./vendor/preact.js";
import { duration, known, list, plural } from "./format.js";
import { TypeName } from "./palette.js";
import { Empty, Table } from "./parts.js";

// Servers of one type that need clearly different times are told apart: the mean would be true of none.
const apart = (cost) => known(cost.learned_most_s) && cost.learned_most_s > 1.1 * cost.learned_least_s;
const range = (cost) =>
  `${duration(cost.learned_least_s)} to ${duration(cost.learned_most_s)}: ` +
  list(cost.servers).map((s) => `${s.name} ${duration(s.learned_s)}`).join(", ");

// What was learned beside what is declared, in words and a shape: ▲ dearer, ▼ cheaper, ≈ the same.
function Beside({ cost }) {
  if (!known(cost.learned_s)) return html`<span class="quiet">nothing learned yet</span>`;
  if (!known(cost.declared_s)) return html`<span>learned ${duration(cost.learned_s)}</span>`;
  const off = cost.learned_s / cost.declared_s - 1;
  const near = Math.abs(off) < 0.1;
  const words = `${off >= 0 ? "+" : "−"}${Math.abs(off * 100).toFixed(Math.abs(off) < 0.1 ? 1 : 0)} %`;
  return html`<span class=${near ? "off-none" : "off-some"}>learned ${duration(cost.learned_s)} <b>
    ${near ? "≈" : off > 0 ? "▲" : "▼"} ${words}</b></span>${apart(cost) && html`<br /><span class="off-some">${range(cost)}</span>`}`;
}

const Cell = ({ cost }) =>
  cost
    ? html`<td class="cost"><b>${known(cost.declared_s) ? duration(cost.declared_s) : "not declared"}</b><br /><${Beside}
      cost=${cost} /><br />
      <span class="quiet">${plural(cost.samples || 0, "sample")}</span></td>`
    : html`<td class="cost quiet">cannot do it</td>`;

export function CostMatrix({ costs }) {
  if (!costs.length) return html`<${Empty}>This pool has no costs.<//>`;
  const rows = [...new Set(costs.map((c) => c.server_type))];
  const columns = [...new Set(costs.map((c) => c.type))];
  return html`<${Table} caption="Cost of each type on each kind of server" className="costs"
    head=${["Server type", ...columns.map((type) => html`<${TypeName} type=${type} />`)]}>
    ${rows.map((row) => html`<tr key=${row}><th scope="row">${row}</th>${columns.map((type) => html`<${Cell}
      cost=${costs.find((c) => c.server_type === row && c.type === type)} />`)}</tr>`)}<//>`;
}

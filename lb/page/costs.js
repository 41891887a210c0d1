// The cost matrix: what is declared and what was learned, side by side.
import { html } from "./vendor/preact.js";
import { duration, known, plural } from "./format.js";
import { TypeName } from "./palette.js";
import { Empty, Table } from "./parts.js";

// What was learned beside what is declared, in words and a shape: ▲ dearer, ▼ cheaper, ≈ the same.
function Beside({ cost }) {
  if (!known(cost.learned_s)) return html`<span class="quiet">nothing learned yet</span>`;
  if (!known(cost.declared_s)) return html`<span>learned ${duration(cost.learned_s)}</span>`;
  const off = cost.learned_s / cost.declared_s - 1;
  const near = Math.abs(off) < 0.1;
  const words = `${off >= 0 ? "+" : "−"}${Math.abs(off * 100).toFixed(Math.abs(off) < 0.1 ? 1 : 0)} %`;
  return html`<span class=${near ? "off-none" : "off-some"}>learned ${duration(cost.learned_s)} <b>
    ${near ? "≈" : off > 0 ? "▲" : "▼"} ${words}</b></span>`;
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

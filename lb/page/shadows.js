// Policies side by side: what each would have made of the same traffic, and the switch.
import { html } from "./vendor/preact.js";
import { ask_policy, why_not } from "./actions.js";
import { age, duration, known, list, percent, ratio } from "./format.js";
import { Empty, Table } from "./parts.js";

// The policy in force with what really happened, and all others with what would have.
function rows_of(pool) {
  const shadows = new Map(list(pool.shadows).map((s) => [s.policy, s]));
  const real = { policy: pool.policy, ratio: pool.ratio?.window, ...pool.latency, imbalance: pool.imbalance?.spread, real: true };
  const names = [...new Set([...list(pool.policies), ...shadows.keys()])].filter((name) => name !== pool.policy);
  const others = names.map((policy) => shadows.get(policy) || { policy });
  const value = (row) => (known(row.ratio) ? row.ratio : known(row.p95) ? 1e6 + row.p95 : 1e9);
  return [real, ...others.sort((a, b) => value(a) - value(b))];
}

// How far from the best possible, as a bar from 1 to the worst shown.
function Beyond({ value, worst }) {
  const share = known(value) ? Math.min(1, Math.max(0.01, (value - 1) / Math.max(0.05, worst - 1))) : 0;
  return html`<span class="bar-cell"><svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect
    class="bar-ground" width="100" height="8" /><rect class="bar-fill" width=${share * 100} height="8" /></svg><span
    class="bar-words">${ratio(value)}</span></span>`;
}

const Row = ({ row, pool, worst }) => html`<tr class=${row.real ? "in-force" : ""}><th scope="row">${row.policy || "none"}
    ${row.real && html` <span class="tag">in force</span>`}
    ${pool.file === row.policy && html` <span class="tag quiet">in the file</span>`}</th>
  <td><${Beyond} value=${row.ratio} worst=${worst} /></td><td class="n rank-2">${duration(row.p50)}</td><td class="n rank-2">${duration(row.p95)}</td>
  <td class="n rank-2">${duration(row.p99)}</td><td class="n rank-2">${percent(row.imbalance)}</td>
  <td class="act">${!row.real && list(pool.policies).includes(row.policy) && html`<button onClick=${() => ask_policy(pool, row.policy)}
    title=${why_not() || `Switch ${pool.name} to ${row.policy}`}>Switch<span class="sr"> ${pool.name} to ${row.policy}</span>
    </button>`}</td></tr>`;

function foot_of(pool) {
  const best = "1.00 x is what no schedule can beat for this traffic on these servers.";
  if (!list(pool.shadows).length) return `${best} What the others would have made of it is not known yet.`;
  const window = known(pool.ratio?.window_s) ? ` Window: ${age(pool.ratio.window_s)}.` : "";
  return `${best} The others are computed beside the real one, from the requests of the last minutes.${window}`;
}

export function Policies({ pool }) {
  const rows = rows_of(pool);
  if (rows.length < 2) return html`<${Empty}>The proxy offers no other policy for this pool.<//>`;
  const worst = Math.max(1.05, ...rows.map((r) => (known(r.ratio) ? r.ratio : 1)));
  return html`<${Table} caption=${`Policies of ${pool.name}`}
    head=${["Policy", "Beside the possible best", ["p50", "n rank-2"], ["p95", "n rank-2"], ["p99", "n rank-2"], ["Spread", "n rank-2"],
      html`<span class="sr">Switch</span>`]}>
    ${rows.map((row) => html`<${Row} key=${row.policy} row=${row} pool=${pool} worst=${worst} />`)}<//>
    <p class="foot">${foot_of(pool)}</p>`;
}

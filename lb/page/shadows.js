// Policies side by side: what each would have made of the same traffic, and the switch.
import { html } from "./vendor/preact.js";
import { ask_policy, why_not } from "./actions.js";
import { age, duration, known, list, percent, ratio } from "./format.js";
import { Empty, Table } from "./parts.js";

// All rows are played, also that of the policy in force: what was measured holds more than a replay knows, and is no row.
// `row` is what makespan is called as this pool binds it; `chooses` the policy that a row stands for, if any.
export function rows_of(pool) {
  const shadows = new Map(list(pool.shadows).map((s) => [s.policy, s]));
  const row_of = (policy) => (policy === "makespan" && pool.makespan_as) || policy;
  const chosen = new Map(list(pool.policies).map((policy) => [row_of(policy), policy]));
  const in_force = row_of(pool.policy);
  const rows = [...new Set([...chosen.keys(), in_force, ...shadows.keys()])].filter(Boolean).map((policy) => ({
    ...shadows.get(policy), policy, chooses: chosen.get(policy), real: policy === in_force, in_file: policy === row_of(pool.file) }));
  const value = (row) => (known(row.ratio) ? row.ratio : known(row.p95) ? 1e6 + row.p95 : 1e9);
  return rows.sort((a, b) => value(a) - value(b));
}

const measured = (pool) => [known(pool.ratio?.window) && `${ratio(pool.ratio.window)} the possible best`,
  known(pool.latency?.p95) && `p95 ${duration(pool.latency.p95)}`, known(pool.latency?.p99) && `p99 ${duration(pool.latency.p99)}`]
  .filter(Boolean).join(", ");

// How far from the best possible, as a bar from 1 to the worst shown.
function Beyond({ value, worst }) {
  const share = known(value) ? Math.min(1, Math.max(0.01, (value - 1) / Math.max(0.05, worst - 1))) : 0;
  return html`<span class="bar-cell"><svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect
    class="bar-ground" width="100" height="8" /><rect class="bar-fill" width=${share * 100} height="8" /></svg><span
    class="bar-words">${ratio(value)}</span></span>`;
}

const Row = ({ row, pool, worst }) => html`<tr class=${row.real ? "in-force" : ""}><th scope="row">${row.policy || "none"}
    ${row.real && html` <span class="tag">in force</span>`}
    ${row.in_file && html` <span class="tag quiet">in the file</span>`}</th>
  <td><${Beyond} value=${row.ratio} worst=${worst} /></td><td class="n rank-2">${duration(row.p50)}</td><td class="n rank-2">${duration(row.p95)}</td>
  <td class="n rank-2">${duration(row.p99)}</td><td class="n rank-2">${percent(row.imbalance)}</td>
  <td class="act">${!row.real && row.chooses && html`<button onClick=${() => ask_policy(pool, row.chooses)}
    title=${why_not() || `Switch ${pool.name} to ${row.chooses}`}>Switch<span class="sr"> ${pool.name} to ${row.chooses}</span>
    </button>`}</td></tr>`;

export function foot_of(pool) {
  const best = "1.00 x is what no schedule can beat for this traffic on these servers.";
  const real = measured(pool);
  const window = known(pool.ratio?.window_s) ? ` in the last ${age(pool.ratio.window_s)}` : "";
  const what = real && ` Measured of ${pool.policy}${window}: ${real}; that is with all that a replay does not know, so no row to compare with.`;
  if (!list(pool.shadows).length) return `${best} What each would have made of it has not been played yet.${what}`;
  return `${best} All rows are played, that in force too: the simulator replays the latest requests under each.${what}`;
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

// What comes in: by type, by listener, by source; and how long it takes.
import { html } from "./vendor/preact.js";
import { Chart } from "./chart.js";
import { duration, list, number, percent, plural, rate, whole } from "./format.js";
import { HeatMap } from "./heatmap.js";
import { colour_of, TypeName } from "./palette.js";
import { Bar, Choice, Empty, Panel, Table } from "./parts.js";
import { RangePicker, range_of } from "./range.js";
import { choose, use_route } from "./route.js";
import { use_series } from "./series.js";
import { use_store } from "./store.js";

const quantile_heads = [["p50", "n"], ["p95", "n"], ["p99", "n"]];
const quantile_cells = (q) => ["p50", "p95", "p99"].map((name) => html`<td class="n">${duration(q?.[name])}</td>`);

const Types = ({ types }) => html`<${Table} caption="Traffic by type"
  head=${["Type", ["Rate", "n"], "Share", ["Wait", "n"], ...quantile_heads]}>
  ${types.map((t) => html`<tr key=${t.name}><th scope="row"><${TypeName} type=${t.name} /></th><td class="n">${rate(t.rate)}</td>
    <td><${Bar} share=${t.share} label=${`${t.name}: ${percent(t.share)}`} /></td>
      <td class="n">${whole(t.waiting)}</td>${quantile_cells(t.latency)}</tr>`)}<//>`;

const Listeners = ({ listeners }) => html`<${Table} caption="Traffic by listener"
  head=${["Listener", "Address", "Speaks", "Pool", ["Open", "n"], ["Accepted", "n"], ["Refused", "n"]]}>
  ${listeners.map((l) => html`<tr key=${l.name}><th scope="row">${l.name}</th><td><code>${l.bind}</code></td><td>${l.mode}</td><td>
    ${l.pool}</td>
    <td class="n">${whole(l.open)}</td><td class="n">${rate(l.rate)}</td><td class="n">${rate(l.refused_rate)}</td></tr>`)}<//>`;

const region_names = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

// "DE" is "Germany"; what is no code at all stays as it is.
function country_name(code) {
  if (!code) return "not known";
  try {
    return region_names.of(code);
  } catch {
    return code;
  }
}

function Countries({ countries, note }) {
  if (!countries.length) return html`<p class="foot">${note}</p>`;
  const all = countries.reduce((sum, c) => sum + (c.rate || 0), 0);
  return html`<${Table} caption="Top talkers by country" head=${["Country", ["Requests", "n"], "Of these", ["Connections", "n rank-2"]]}>
    ${countries.map((c) => html`<tr key=${c.country || "-"}><th scope="row">${country_name(c.country)}</th><td class="n">${rate(c.rate)}</td>
      <td><${Bar} share=${all > 0 ? (c.rate || 0) / all : null} label=${country_name(c.country)} /></td>
      <td class="n rank-2">${rate(c.connections)}</td></tr>`)}<//><p class="foot">${note}</p>`;
}

function Sources({ sources }) {
  const most = Math.max(1e-9, ...sources.map((s) => s.rate || 0));
  const countries = sources.some((s) => s.country);
  return html`<${Table} caption="Top talkers"
    head=${["Network", ...(countries ? ["Country"] : []), ["Requests", "n"], "Beside the first", ["Connections", "n rank-2"]]}>
    ${sources.map((s) => html`<tr key=${s.network}><th scope="row"><code>${s.network}</code></th>
      ${countries && html`<td>${country_name(s.country)}</td>`}<td class="n">${rate(s.rate)}</td>
      <td><${Bar} share=${(s.rate || 0) / most} label=${`${number(s.rate)} per second`} /></td>
      <td class="n rank-2">${rate(s.connections)}</td></tr>`)}<//>`;
}

function TypeCharts({ types, range }) {
  const names = types.slice(0, 4).map((t) => t.name);
  const rates = use_series(names.map((n) => `type.${n}.rate`), range);
  const slow = use_series(names.map((n) => `type.${n}.p95`), range);
  const lines = names.map((n) => ({ label: n, colour: colour_of(n) }));
  return html`<div class="pair"><${Chart} title="Rate by type" unit="1/s" lines=${lines} ...${rates} />
    <${Chart} title="p95 by type" unit="s" lines=${lines} ...${slow} /></div>`;
}

function Latency({ live, range, params }) {
  const pools = list(live.pools).filter((p) => p.kind !== "streams").map((p) => p.name);
  const types = list(live.types).map((t) => t.name);
  const pool = pools.includes(params.pool) ? params.pool : pools[0] || null;
  const type = types.includes(params.type) ? params.type : null;
  const tools = html`${pools.length > 1 && html`<${Choice} label="Pool" value=${pool} options=${pools.map((p) => [p, p])}
    onChange=${(p) => choose({ pool: p })} />`}
    <${Choice} label="Type" value=${type} options=${[[null, "All types"], ...types.slice(0, 6).map((t) => [t, t])]}
      onChange=${(t) => choose({ type: t })} />`;
  return html`<${Panel} title="Latency heat map" note="Each column is a moment, each row a duration" tools=${tools}><${HeatMap}
    pool=${pool} type=${type} range=${range} /><//>`;
}

export function TrafficView() {
  const { live } = use_store();
  const { params } = use_route();
  const range = range_of(params);
  const types = list(live.types);
  const sources = list(live.sources);
  return html`<div class="bar-line"><p class="title">Traffic</p><${RangePicker} /></div>
    <${Panel} title="By type" note=${`${rate(live.requests?.rate)} in all`}>${types.length ? html`<${Types} types=${types} />`
      : html`<${Empty}>No request has come yet.<//>`}
      ${types.length > 0 && html`<${TypeCharts} key=${types.map((t) => t.name).join()} types=${types} range=${range} />`}<//>
    <${Latency} live=${live} range=${range} params=${params} />
    <div class="pair panels"><${Panel} title="By listener" note="Client connections"><${Listeners}
      listeners=${list(live.listeners)} /><//>
      <${Panel} title="Top talkers" note="Networks with the most requests of the last half minute">${sources.length ? html`<${Sources}
        sources=${sources} />` : html`<${Empty}>Nobody has sent anything since this page was opened.<//>`}
        <${Countries} countries=${list(live.countries)} note=${live.countries_note} /><//></div>`;
}

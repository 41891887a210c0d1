// What comes in: by type, by listener, by source; and how long it takes.
import { html } from "./vendor/preact.js";
import { Chart } from "./chart.js";
import { bytes, duration, list, number, percent, plural, rate, whole } from "./format.js";
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
  head=${["Type", ["Rate", "n"], ["Share", "rank-2"], ["Wait", "n rank-2"], ...quantile_heads]}>
  ${types.map((t) => html`<tr key=${t.name}><th scope="row"><${TypeName} type=${t.name} /></th><td class="n">${rate(t.rate)}</td>
    <td class="rank-2"><${Bar} share=${t.share} label=${`${t.name}: ${percent(t.share)}`} /></td>
      <td class="n rank-2">${whole(t.waiting)}</td>${quantile_cells(t.latency)}</tr>`)}<//>`;

const protocol_names = new Map([["frame", "frames"], ["mini", "mini"], ["http", "HTTP"], ["stream", "TCP streams"]]);
const protocol_name = (mode) => protocol_names.get(mode) ?? mode;

// Requests of those that take requests; of streams the bytes, from clients and to them.
const brought_cells = (l, streams) => (streams
  ? html`<td class="n">–</td><td class="n">${bytes(l.bytes_in_rate)}/s</td><td class="n">${bytes(l.bytes_out_rate)}/s</td>`
  : html`<td class="n">${rate(l.requests_rate)}</td><td class="n">–</td><td class="n">–</td>`);

const Protocols = ({ protocols }) => html`<${Table} caption="Traffic by protocol"
  head=${["Protocol", ["Open", "n rank-2"], ["Connections", "n rank-2"], ["Requests", "n"], ["In", "n"], ["Out", "n"]]}>
  ${protocols.map((p) => html`<tr key=${p.name}><th scope="row">${protocol_name(p.name)}</th><td class="n rank-2">${whole(p.open)}</td>
    <td class="n rank-2">${rate(p.rate)}</td>${brought_cells(p, p.name === "stream")}</tr>`)}<//>`;

const Listeners = ({ listeners }) => html`<${Table} caption="Traffic by listener"
  head=${["Listener", ["Address", "rank-2"], ["Speaks", "rank-2"], ["Pool", "rank-2"], ["Open", "n rank-2"], ["Accepted", "n rank-2"],
    ["Refused", "n rank-2"], ["Requests", "n"], ["In", "n"], ["Out", "n"]]}>
  ${listeners.map((l) => html`<tr key=${l.name}><th scope="row">${l.name}${l.state === "lost" && html` <span
    class="state-down">lost</span>`}</th><td class="rank-2"><code>${l.bind}</code></td>
    <td class="rank-2">${protocol_name(l.mode)}</td><td class="rank-2">${l.pool}</td>
    <td class="n rank-2">${whole(l.open)}</td><td class="n rank-2">${rate(l.rate)}</td><td class="n rank-2">${rate(l.refused_rate)}</td>
    ${brought_cells(l, l.mode === "stream")}</tr>`)}<//>`;

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

function ProtocolChart({ protocols, range }) {
  const names = protocols.filter((p) => p.name !== "stream").map((p) => p.name);
  const rates = use_series(names.map((n) => `protocol.${n}.requests`), range);
  const lines = names.map((n) => ({ label: protocol_name(n), colour: colour_of(n) }));
  return names.length > 1 && html`<${Chart} title="Requests by protocol" unit="1/s" lines=${lines} ...${rates} />`;
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
    <${Panel} title="By listener" note="Requests, and bytes of streams"><${Listeners} listeners=${list(live.listeners)} /><//>
    <div class="pair panels"><${Panel} title="By protocol" note="The same, of all listeners that speak it"><${Protocols}
      protocols=${list(live.protocols)} /><${ProtocolChart} protocols=${list(live.protocols)} range=${range} /><//>
      <${Panel} title="Top talkers" note="Networks with the most requests of the last half minute">${sources.length ? html`<${Sources}
        sources=${sources} />` : html`<${Empty}>Nobody has sent anything since this page was opened.<//>`}
        <${Countries} countries=${list(live.countries)} note=${live.countries_note} /><//></div>`;
}

// Pools: how well each does, what other policies would have made of it, how even its servers are, what things cost.
import { html } from "./vendor/preact.js";
import { Chart } from "./chart.js";
import { CostMatrix } from "./costs.js";
import { Decisions } from "./decisions.js";
import { Distribution } from "./distribution.js";
import { duration, known, list, percent, plural, rate, ratio } from "./format.js";
import { Choice, Empty, Panel, Tile } from "./parts.js";
import { RangePicker, range_of } from "./range.js";
import { choose, href, use_route } from "./route.js";
import { Scaling } from "./scaling.js";
import { use_series } from "./series.js";
import { Policies } from "./shadows.js";
import { use_store } from "./store.js";

function Tiles({ pool }) {
  const waiting = pool.waiting || {};
  const streams = pool.kind === "streams";
  return html`<div class="tiles">
    <${Tile} label=${streams ? "New streams" : "Requests"} value=${rate(pool.rate)} words=${`${rate(pool.errors_rate)} errors`} />
    <${Tile} label="Beside the best" value=${ratio(pool.ratio?.window)} words=${known(pool.ratio?.busy)
      ? `${ratio(pool.ratio.busy)} when busy` : "1.00 x is perfect"} />
    <${Tile} label="p95" value=${duration(pool.latency?.p95)} words=${`p50 ${duration(pool.latency?.p50)}`} />
    <${Tile} label="Waits in the proxy" value=${known(waiting.count) ? plural(waiting.count, "request") : "no data"}
      words=${`${duration(waiting.work_s)} of work`} />
    <${Tile} label="Idle" value=${percent(pool.idle_share)} words="of all server time" />
    <${Tile} label="Spread of load" value=${percent(pool.imbalance?.spread)}
      words=${`from ${percent(pool.imbalance?.min)} to ${percent(pool.imbalance?.max)}`} />
  </div>`;
}

const latency_lines = [{ label: "p50" }, { label: "p95" }, { label: "p99" }];
const ratio_lines = [{ label: "beside the best", fill: true }];
const from_one = (u, low, high) => [Math.min(1, low ?? 1), Math.max(1.1, (high ?? 1) * 1.05)];

function Course({ pool, range }) {
  const latency = use_series(["p50", "p95", "p99"].map((q) => `pool.${pool.name}.latency.${q}`), range);
  const best = use_series([`pool.${pool.name}.ratio`], range);
  return html`<div class="pair"><${Chart} title="Latency" unit="s" lines=${latency_lines} ...${latency} />
    <${Chart} title="Beside the possible best" unit="x" lines=${ratio_lines} range_y=${from_one} ...${best} /></div>`;
}

function Pool({ pool, servers, range }) {
  const picked = pool.chosen && pool.chosen !== pool.policy ? `${pool.chosen} is chosen and picked it` : null;
  const how = [pool.kind, `${pool.binding || "unknown"} binding`, plural(servers.length, "server"), picked];
  return html`<${Panel} title=${`${pool.name}: ${pool.policy || "no policy"}`} id="h-pool" note=${how.filter(Boolean).join(" · ")}
    tools=${html`<a href=${href("finish", { pool: pool.name })}>finish lines</a>`}><${Tiles} pool=${pool} /><//>
    <${Scaling} scale=${pool.scale} />
    <${Panel} title="Policies side by side" note="Played: the same traffic, the same servers"><${Policies} pool=${pool} /><//>
    <${Panel} title="The course of it" tools=${html`<${RangePicker} />`}><${Course} key=${pool.name} pool=${pool} range=${range} />
      <//>
    <${Panel} title="Distribution over servers" note="Even is good"><${Distribution} servers=${servers} /><//>
    ${pool.kind !== "streams" && html`<${Panel} title="Costs"
      note="Seconds for one unit of length: declared in the file, and learned from replies"><${CostMatrix}
      costs=${list(pool.costs)} /><//>
      <${Panel} title="Why there" note="The last decisions, with what else was possible"><${Decisions} key=${pool.name}
        pool=${pool.name} /><//>`}`;
}

export function PoolsView() {
  const { live } = use_store();
  const { params } = use_route();
  const pools = list(live.pools);
  const pool = pools.find((p) => p.name === params.pool) || pools[0];
  if (!pool) return html`<${Empty}>No pool is configured.<//>`;
  const pick = pools.length > 1 && html`<${Choice} label="Pool" value=${pool.name} options=${pools.map((p) => [p.name, p.name])}
    onChange=${(p) => choose({ pool: p })} />`;
  return html`<div class="bar-line"><p class="title">Pools</p>
    ${pick}</div><${Pool} pool=${pool} servers=${list(live.servers).filter((s) => s.pool === pool.name)}
      range=${range_of(params)} />`;
}

// How it goes, at one look: the sentence, the figures, the finish lines, the last minutes.
import { html } from "./vendor/preact.js";
import { AlertLine } from "./alert_line.js";
import { Chart } from "./chart.js";
import { FinishLines } from "./finish_lines.js";
import { age, duration, known, list, NO_DATA, percent, plural, rate, whole } from "./format.js";
import { Empty, Panel, Tile } from "./parts.js";
import { RangePicker, range_of } from "./range.js";
import { href, use_route } from "./route.js";
import { use_series } from "./series.js";
import { use_store } from "./store.js";

function error_tone(requests) {
  if (!known(requests.errors_rate)) return null;
  if (requests.errors_rate === 0) return "good";
  return requests.errors_rate > 0.01 * (requests.rate || 0) ? "bad" : "warn";
}

function alert_tile(alerts) {
  const firing = alerts.filter((a) => a.state === "firing");
  const critical = firing.some((a) => a.severity === "critical");
  const pending = alerts.length - firing.length;
  const words = pending > 0 ? `${pending} pending` : firing.length ? (critical ? "critical" : "warning") : "all is well";
  return html`<${Tile} label="Open alerts" value=${firing.length} words=${words}
    tone=${critical ? "bad" : firing.length ? "warn" : "good"} to=${href("alerts")} />`;
}

// The type of which one in a hundred waits longest.
function worst_of(types) {
  const [worst] = list(types).filter((t) => known(t.latency?.p99)).sort((a, b) => b.latency.p99 - a.latency.p99);
  return worst && list(types).length > 1 ? `worst: ${worst.name} ${duration(worst.latency.p99)}` : "one in a hundred is slower";
}

function Tiles({ live }) {
  const requests = live.requests || {};
  const total = live.latency?.total || {};
  const share = requests.rate > 0 && known(requests.errors_rate) ? `${percent(requests.errors_rate / requests.rate)} of all` : "none asked";
  return html`<div class="tiles">
    <${Tile} label="Requests" value=${rate(requests.rate)}
      words=${`${whole(requests.open)} open, ${whole(requests.waiting)} wait`} to=${href("traffic")} />
    <${Tile} label="p50" value=${duration(total.p50)} words="half are faster" to=${href("traffic")} />
    <${Tile} label="p95" value=${duration(total.p95)} words=${known(live.latency?.waiting?.p95)
      ? `${duration(live.latency.waiting.p95)} waiting` : " "} to=${href("traffic")} />
    <${Tile} label="p99" value=${duration(total.p99)} words=${worst_of(live.types)} to=${href("traffic")} />
    <${Tile} label="Errors" value=${rate(requests.errors_rate)} words=${share} tone=${error_tone(requests)} />
    ${alert_tile(list(live.alerts))}
  </div>`;
}

function facts_of(live) {
  const servers = list(live.servers);
  const up = plural(servers.filter((s) => s.state === "up").length, "server");
  const open = plural(live.connections?.open, "connection");
  return `${up} of ${whole(servers.length)} up · ${open} · running for ${age(live.uptime_s)} · revision ${live.revision ?? NO_DATA}`;
}

const Sentence = ({ live }) => html`<div class="sentence"><p class="sentence-words">${sentence(live.sentence)}</p>
  <p class="sentence-facts">
    ${facts_of(live)}
    </p></div>`;

function sentence(words) {
  if (!words) return "The proxy says nothing of its state.";
  return words[0].toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
}

const rate_names = ["requests", "errors"];
const rate_lines = [{ label: "requests", fill: true }, { label: "errors" }];
const latency_names = ["latency.p50", "latency.p95", "latency.p99"];
const latency_lines = [{ label: "p50" }, { label: "p95" }, { label: "p99" }];

function Charts({ range }) {
  const rates = use_series(rate_names, range);
  const latency = use_series(latency_names, range);
  return html`<div class="pair"><${Chart} title="Requests" unit="1/s" lines=${rate_lines} ...${rates} />
    <${Chart} title="Latency" unit="s" lines=${latency_lines} ...${latency} /></div>`;
}

export function Overview() {
  const { live } = use_store();
  const { params } = use_route();
  const alerts = list(live.alerts);
  return html`<${Sentence} live=${live} /><${Tiles} live=${live} />
    <${AlertLine} alerts=${alerts} />
    <${Panel} title="Finish lines" note="What each server owes, from now until it is done" tools=${html`<a
      href=${href("finish")}>large</a>`}>
      ${list(live.servers).length ? html`<${FinishLines} live=${live} compact />` : html`<${Empty}>No server is configured.<//>`}
        <//>
    <${Panel} title="The course of it" note=${live.history?.note || ""} tools=${html`<${RangePicker} />`}><${Charts}
      range=${range_of(params)} /><//>`;
}

// The columns of the table of servers: how each is shown, sorted and found.
import { html } from "./vendor/preact.js";
import { bytes, duration, known, percent, rate, ratio, whole } from "./format.js";
import { State, state_words } from "./palette.js";
import { Bar } from "./parts.js";
import { href } from "./route.js";

const state_order = ["down", "ejected", "draining", "slow_start", "untried", "absent", "up"];

const busy_tone = (share) => (share > 0.98 ? "warn" : null);

// What a server that drains still has: whoever wants to stop it waits for nothing.
export function left_words(server) {
  if (server.admin !== "drain") return "";
  const left = (server.in_flight || 0) + (server.streams_open || 0);
  return left > 0 ? `${whole(left)} left` : "nothing left";
}

const fast = 0.001; // seconds: below it differences are those of the machine

// The servers, each with `beside`: its median latency as a multiple of the median of its like, of the same pool and type.
export function with_peers(servers) {
  const groups = new Map();
  const key = (s) => `${s.pool}/${s.type}`;
  for (const s of servers) if (known(s.latency?.p50)) groups.set(key(s), [...(groups.get(key(s)) || []), s.latency.p50]);
  for (const values of groups.values()) values.sort((a, b) => a - b);
  return servers.map((s) => {
    const all = groups.get(key(s)) || [];
    const middle = all.length > 1 ? all[(all.length - 1) >> 1] : null;
    return { ...s, beside: known(s.latency?.p50) && middle > 0 ? Math.max(s.latency.p50, fast) / Math.max(middle, fast) : null };
  });
}

const Beside = ({ of }) => (known(of) ? html`<span class=${of >= 1.5 ? "slower" : ""}>${ratio(of)}</span>` : "–");

// { key, label, value (sorts), show, numeric, rank: 1 always seen, 2 not on a phone, 3 on wide screens only }
export const columns = [
  { key: "name", label: "Server", rank: 1, value: (s) => s.name, show: (s) => html`<a href=${href("servers", { server: s.name })}>
    ${s.name}</a>` },
  { key: "state", label: "State", rank: 1, value: (s) => state_order.indexOf(s.state), show: (s) => html`<${State}
    name=${s.state} />${left_words(s) && html` <span class="quiet">${left_words(s)}</span>`}` },
  { key: "pool", label: "Pool", rank: 3, value: (s) => s.pool, show: (s) => s.pool },
  { key: "type", label: "Type", rank: 2, value: (s) => s.type, show: (s) => s.type },
  { key: "finish", label: "Done in", rank: 1, numeric: true, value: (s) => s.finish_s, show: (s) => duration(s.finish_s) },
  { key: "busy", label: "Busy", rank: 2, value: (s) => s.busy, show: (s) => html`<${Bar} share=${s.busy} label="busy"
    tone=${busy_tone(s.busy)} />` },
  { key: "rate", label: "Rate", rank: 2, numeric: true, value: (s) => s.rate, show: (s) => rate(s.rate) },
  { key: "errors", label: "Errors", rank: 2, numeric: true, value: (s) => s.errors_rate, show: (s) => rate(s.errors_rate) },
  { key: "open", label: "Has", rank: 2, numeric: true, value: (s) => s.in_flight, show: (s) => whole(s.streams_open || s.in_flight) },
  { key: "p50", label: "p50", rank: 3, numeric: true, value: (s) => s.latency?.p50, show: (s) => duration(s.latency?.p50) },
  { key: "p99", label: "p99", rank: 2, numeric: true, value: (s) => s.latency?.p99, show: (s) => duration(s.latency?.p99) },
  { key: "beside", label: "Beside its like", rank: 3, numeric: true, value: (s) => s.beside, show: (s) => html`<${Beside}
    of=${s.beside} />` },
  { key: "cpu", label: "CPU", rank: 3, numeric: true, value: (s) => s.cpu, show: (s) => percent(s.cpu) },
  { key: "memory", label: "Memory", rank: 3, numeric: true, value: (s) => s.memory_bytes, show: (s) => bytes(s.memory_bytes) },
  { key: "weight", label: "Weight", rank: 3, numeric: true, value: (s) => s.weight, show: (s) => (known(s.weight) ? String(s.weight) : "–") },
];

// Orders servers by column `key`; "-key" is downwards. What is not known comes last either way.
export function sorted(servers, order) {
  const down = order.startsWith("-");
  const column = columns.find((c) => c.key === order.replace("-", "")) || columns[0];
  const compare = (a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === null || x === undefined) return y === null || y === undefined ? 0 : 1;
    if (y === null || y === undefined) return -1;
    const by = typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
    return down ? -by : by;
  };
  return [...servers].sort(compare);
}

const fields = { pool: (s) => s.pool, type: (s) => s.type, state: (s) => s.state, name: (s) => s.name, address: (s) => s.address };

function matches(server, word) {
  const at = word.indexOf(":");
  const field = at > 0 && fields[word.slice(0, at)];
  if (field) return String(field(server) ?? "").toLowerCase().replace("_", " ").startsWith(word.slice(at + 1).replace("_", " "));
  const texts = [server.name, server.pool, server.type, server.address, state_words(server.state)];
  return texts.some((text) => String(text ?? "").toLowerCase().includes(word));
}

// Servers that match every word of `filter`; "state:down" asks one field, any other word all of them.
export function filtered(servers, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length ? servers.filter((s) => words.every((word) => matches(s, word))) : servers;
}

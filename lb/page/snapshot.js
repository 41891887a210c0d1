// The shape of a snapshot. Whatever comes is brought into it, so that no view needs to expect the unexpected:
// a number is finite or null, a text is a text or null, a list is a list of what belongs into it.

const quantiles = { p50: "number", p95: "number", p99: "number", count: "number" };

const type = { name: "name", rate: "number", waiting: "number", latency: quantiles, share: "number" };

const listener = { name: "name", mode: "text", pool: "text", pools: ["text"], bind: "text", state: "text", open: "number",
  rate: "number", refused_rate: "number", accepted: "number", refused: "number", requests_rate: "number", bytes_in_rate: "number",
  bytes_out_rate: "number" };

const protocol = { name: "name", open: "number", rate: "number", requests_rate: "number", bytes_in_rate: "number",
  bytes_out_rate: "number" };

const shadow = { policy: "name", ratio: "number", ...quantiles, imbalance: "number" };

const cost = { server_type: "name", type: "name", declared_s: "number", learned_s: "number", learned_least_s: "number",
  learned_most_s: "number", samples: "number", servers: [{ name: "name", learned_s: "number" }] };

const scaled_type = { type: "name", wanted: "number", running: "number", starting: "number", leaving: "number", given_up: "number",
  min: "number", max: "number", starts: "number", deaths: "number" };

const scale_change = { time: "number", move: "text", servers: "name", strain: "number", rehearsed: "flag" };

const scale = { by: "text", rehearse: "flag", strain: "number", up_over: "number", why: "text", types: [scaled_type],
  changes: [scale_change] };

const pool = {
  name: "name", kind: "text", policy: "text", chosen: "text", file: "text", binding: "text", policies: ["text"],
  makespan_as: "text",
  rate: "number", errors_rate: "number", latency: quantiles, idle_share: "number",
  waiting: { count: "number", work_s: "number", oldest_s: "number" },
  ratio: { window: "number", busy: "number", window_s: "number" },
  imbalance: { min: "number", max: "number", mean: "number", spread: "number", cv: "number" },
  shadows: [shadow],
  scale,
  costs: [cost],
};

const server = {
  name: "name", pool: "text", type: "text", address: "text", state: "text", reason: "text", since: "number", admin: "text",
  weight: "number", backup: "flag", finish_s: "number", in_flight: "number", slots: "number", speed: "number",
  work: [{ type: "text", s: "number" }],
  rate: "number", errors_rate: "number", busy: "number", latency: quantiles, cpu: "number", memory_bytes: "number",
  streams_open: "number", load_percent: "number", ejections: "number", check_failures: "number",
};

const worker = {
  name: "name", pid: "number", state: "text", silent_s: "number", open: "number", rate: "number", cpu: "number",
  memory_bytes: "number",
};

const alert = {
  id: "name", rule: "text", subject: "text", severity: "text", state: "text", since: "number", resolved_at: "number",
  reason: "text", acknowledged: "any", silenced_until: "number",
};

const snapshot = {
  tick: "number", time: "number", uptime_s: "number", version: "text", revision: "number", sentence: "text",
  history: { memory_s: "number", disk: "flag", note: "text" },
  admin: { connections: "number", streams: "number", refused: [{ reason: "name", count: "number" }] },
  requests: { rate: "number", errors_rate: "number", open: "number", waiting: "number" },
  connections: { open: "number", rate: "number" },
  latency: { total: quantiles, waiting: quantiles },
  types: [type],
  listeners: [listener],
  protocols: [protocol],
  pools: [pool],
  servers: [server],
  waiting: [{ pool: "name", type: "name", count: "number", work_s: "number" }],
  sources: [{ network: "name", country: "text", connections: "number", rate: "number" }],
  countries: [{ country: "text", connections: "number", rate: "number" }],
  countries_note: "text",
  workers: [worker],
  alerts: [alert],
};

const is_object = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const scalars = {
  number: (value) => (typeof value === "number" && Number.isFinite(value) ? value : null),
  text: (value) => (typeof value === "string" ? value : null),
  name: (value) => (typeof value === "string" ? value : null),
  flag: (value) => value === true,
  any: (value) => (is_object(value) ? value : null),
};

function shaped_list(value, [shape]) {
  if (!Array.isArray(value)) return [];
  if (typeof shape === "string") return value.filter((part) => scalars[shape](part) !== null);
  const names = Object.keys(shape).filter((key) => shape[key] === "name");
  return value.filter((part) => is_object(part) && names.every((key) => typeof part[key] === "string")).map((part) => shaped(part, shape));
}

function shaped(value, shape) {
  if (typeof shape === "string") return scalars[shape](value);
  if (Array.isArray(shape)) return shaped_list(value, shape);
  const from = is_object(value) ? value : {};
  const result = {};
  for (const key in shape) result[key] = shaped(from[key], shape[key]);
  return result;
}

// The snapshot that `value` holds. What is missing or odd is null, or an empty list.
export function snapshot_of(value) {
  const live = shaped(value, snapshot);
  live.time ??= Date.now() / 1000;
  for (const part of live.servers) part.state ??= "unknown";
  return live;
}

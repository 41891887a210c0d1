// Series of the history as columns for a chart. A live range is loaded once and goes on with each snapshot.
import { useEffect, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { known, list, rows } from "./format.js";
import { proxy_now, state, subscribe } from "./store.js";

const process_rates = { requests: (l) => l.requests?.rate, errors: (l) => l.requests?.errors_rate, connections: (l) => l.connections?.open };
const members = { requests: "rate", errors: "errors_rate", finish: "finish_s", memory: "memory_bytes", idle: "idle_share" };
const latencies = ["p50", "p95", "p99"];

const worst = (values) => values.filter(known).reduce((most, v) => Math.max(most ?? v, v), null);

function part_value(part, what) {
  if (!part) return null;
  if (latencies.includes(what)) return part.latency?.[what];
  if (what.startsWith("latency.")) return part.latency?.[what.slice(8)];
  if (what === "ratio") return part.ratio?.busy;
  return part[members[what] || what];
}

// What the snapshot `live` says of the series `name`; null when it does not say.
function value_in(live, name) {
  if (process_rates[name]) return process_rates[name](live) ?? null;
  if (name.startsWith("latency.")) return live.latency?.total?.[name.slice(8)] ?? null;
  if (name.startsWith("waiting.")) return live.latency?.waiting?.[name.slice(8)] ?? null;
  if (name === "ratio" || name === "idle") return worst(list(live.pools).map((pool) => part_value(pool, name)));
  const kinds = { pool: "pools", type: "types", server: "servers", process: "workers" };
  const kind = name.slice(0, name.indexOf("."));
  const parts = list(live[kinds[kind]]);
  const rest = name.slice(kind.length + 1);
  const part = parts.find((p) => rest.startsWith(`${p.name}.`));
  return part ? part_value(part, rest.slice(part.name.length + 1)) ?? null : null;
}

function columns_of(reply, names) {
  const by_name = new Map(rows(reply.series).map((s) => [s.name, s]));
  const found = names.map((name) => by_name.get(name));
  const length = Math.max(0, ...found.map((s) => list(s && s.points).length));
  const step = known(reply.step) && reply.step > 0 ? reply.step : 1;
  const times = Array.from({ length }, (_, at) => reply.from + at * step);
  const column = (s) => times.map((_, at) => (s && known(s.points[at]) ? s.points[at] : null));
  return { step, times, columns: found.map(column), marks: rows(reply.marks), source: reply.source || "", follows: true };
}

// Takes the snapshot into the columns, one row per step, and drops what has left the window.
function grown(data, live, names, span) {
  const last = data.times.length ? data.times[data.times.length - 1] : live.time - data.step;
  const steps = Math.floor((live.time - last) / data.step + 0.01);
  if (steps < 1) return data;
  const times = data.times.slice();
  const columns = data.columns.map((c) => c.slice());
  for (let at = 1; at <= Math.min(steps, 2000); at++) {
    times.push(last + at * data.step);
    const newest = at === steps || steps === 2; // one late snapshot is no gap
    columns.forEach((c, n) => c.push(newest ? finite(value_in(live, names[n])) : null));
  }
  const old = times.findIndex((t) => t >= live.time - span);
  return { ...data, times: times.slice(old), columns: columns.map((c) => c.slice(old)) };
}

const finite = (value) => (known(value) ? value : null);

const query_of = (names, range) => {
  const to = range.to ?? proxy_now();
  const from = range.from ?? to - range.span;
  const series = names.map(encodeURIComponent).join(",");
  return `api/v1/series?names=${series}&from=${from.toFixed(3)}&to=${to.toFixed(3)}`;
};

const pause_of = (range, step) => Math.min(300, Math.max(10, step || range.span / 400));

// { status: loading | ready | failed, message, data } of `names` over `range`, kept fresh.
export function use_series(names, range) {
  const key = `${names.join(",")}|${range.key}`;
  const [shown, show] = useState({ status: "loading", message: "", data: null });
  const data = useRef(null);
  useEffect(() => {
    const stop = new AbortController();
    let timer = null;
    const load = async () => {
      clearTimeout(timer);
      try {
        data.current = columns_of(await get(query_of(names, range), stop.signal), names);
        show({ status: "ready", message: "", data: data.current });
      } catch (error) {
        if (error.name === "AbortError") return;
        show({ status: "failed", message: error.message, data: data.current });
      }
      if (range.from === null && !(range.live && data.current?.step <= 2)) timer = setTimeout(load, 1000 * pause_of(range, data.current?.step));
    };
    const follow = follow_live(range, names, data, show, load);
    load();
    return () => (stop.abort(), clearTimeout(timer), follow());
  }, [key]);
  return shown;
}

// Lets a live range grow; after a pause of the stream it is loaded anew. Returns what ends it.
function follow_live(range, names, data, show, load) {
  let tick = state.live?.tick;
  let was = state.link;
  return subscribe(() => {
    if (state.link !== was && state.link === "live" && range.from === null) load();
    was = state.link;
    if (!range.live || !data.current || !state.live || state.live.tick === tick || data.current.step > 2) return;
    tick = state.live.tick;
    data.current = grown(data.current, state.live, names, range.span);
    show({ status: "ready", message: "", data: data.current });
  });
}

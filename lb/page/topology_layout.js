// Where listeners, pools and servers stand in the picture of the traffic, and how wide each flow is.
import { known, list } from "./format.js";

const fold_above = 24; // servers; beyond, those of one pool, type and state are one box
const row = 40;
const gap = 8;
const head = 22; // the names of the columns

const rate_of = (part) => (known(part.rate) ? part.rate : 0);

function group(pool, type, state, servers) {
  const rate = servers.reduce((sum, s) => sum + rate_of(s), 0);
  return { key: `${pool}/${type}/${state}`, name: `${servers.length} × ${type}`, pool, type, state, rate, folded: true };
}

function server_nodes(live) {
  const servers = list(live.servers);
  if (servers.length <= fold_above) return servers.map((s) => ({ ...s, key: s.name, rate: rate_of(s), folded: false }));
  const groups = new Map();
  for (const s of servers) {
    const key = `${s.pool}/${s.type}/${s.state}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(s);
  }
  return [...groups.values()].map((g) => group(g[0].pool, g[0].type, g[0].state, g));
}

// What a listener brings: requests, or connections where they go on as streams. One that is not counted is drawn idle.
function flow_of(listener) {
  const brings = listener.mode === "stream" ? listener.rate - (listener.refused_rate || 0) : listener.requests_rate;
  return { rate: known(brings) ? Math.max(0, brings) : 0, counted: known(brings) };
}

// To each pool that a listener leads to. What goes where is not counted where it leads to several: a pool that nobody
// else leads to has its own rate, the others are drawn idle.
function flows_from(listener, listeners, pools) {
  const leads_to = (l) => (l.pools.length ? l.pools : [l.pool]);
  return leads_to(listener).map((name) => {
    const to = pools.find((p) => p.name === name);
    if (leads_to(listener).length < 2) return { from: listener, to, ...flow_of(listener) };
    const alone = listeners.filter((l) => leads_to(l).includes(name)).length === 1;
    return { from: listener, to, rate: alone && to ? rate_of(to) : 0, counted: alone };
  });
}

function stack(nodes, x, width, height) {
  const used = nodes.length * row + Math.max(0, nodes.length - 1) * gap;
  let y = head + Math.max(0, (height - head - used) / 2);
  for (const node of nodes) {
    Object.assign(node, { x, y, w: width, h: row });
    y += row + gap;
  }
}

// Ends of flows share the side of a box: each takes its part from the top down.
function attach(flows, end, side) {
  const at = new Map();
  for (const flow of flows) {
    const node = flow[end];
    const all = flows.filter((f) => f[end] === node).reduce((sum, f) => sum + f.width, 0);
    const begun = at.get(node) ?? node.y + node.h / 2 - all / 2;
    flow[side] = begun + flow.width / 2;
    at.set(node, begun + flow.width);
  }
}

// { listeners, pools, servers: [{ x, y, w, h, ... }], flows: [{ from, to, y0, y1, width, rate, counted }], heads, height, narrow }
export function topology_of(live, width) {
  const listeners = list(live.listeners).map((l) => ({ ...l, key: l.name }));
  const pools = list(live.pools).map((p) => ({ ...p, key: p.name }));
  const servers = server_nodes(live);
  const most = Math.max(listeners.length, pools.length, servers.length, 1);
  const height = head + most * (row + gap);
  const narrow = width < 480;
  const [first, second, third] = (narrow ? [0.23, 0.26, 0.33] : [0.22, 0.22, 0.22]).map((share) => Math.min(210, Math.floor(width * share)));
  const middle = Math.floor((first + width - third - second) / 2);
  stack(listeners, 0, first, height);
  stack(pools, middle, second, height);
  stack(servers, width - third, third, height);
  const flows = [
    ...listeners.flatMap((l) => flows_from(l, listeners, pools)),
    ...servers.map((s) => ({ from: pools.find((p) => p.name === s.pool), to: s, rate: s.rate, counted: true })),
  ].filter((f) => f.from && f.to);
  const brought = flows.reduce((n, f) => n + (pools.includes(f.to) ? f.rate : 0), 0);
  const sum = Math.max(1e-9, brought, pools.reduce((n, p) => n + rate_of(p), 0), servers.reduce((n, s) => n + s.rate, 0));
  for (const flow of flows) flow.width = flow.rate > 0 ? Math.max(1.5, (flow.rate / sum) * (row - 6)) : 0.75;
  attach(flows, "from", "y0");
  attach(flows, "to", "y1");
  const heads = [[0, "Listeners"], [middle, "Pools"], [width - third, "Servers"]];
  return { listeners, pools, servers, flows, heads, height, narrow };
}

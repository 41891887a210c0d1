// Rows of the finish-line picture: who waits in the proxy, and each server with what it owes.
import { known, list } from "./format.js";

export const heights = { head: 30, queue: 20, server: 26, fold: 58, more: 22 };

const fold_above = 60; // servers in sight; beyond, pools fold into groups
const open_limit = 150; // rows of one group that was opened

const fold_key = (pool, type) => `${pool}/${type}`;

// The pieces of a server's work on its lanes: [{ type, from, to, lane, running }], seconds from now.
// Each piece goes on the lane that is free first, as the server itself does it; together they end at finish_s, which the
// proxy reckons as if work were divided evenly. Without pieces: one bar of the sum.
export function pieces_of(server, max_lanes = 4) {
  const finish = known(server.finish_s) ? Math.max(0, server.finish_s) : 0;
  const work = list(server.work).filter((w) => known(w.s) && w.s > 0);
  if (!work.length) return { lanes: 1, pieces: finish > 0 ? [{ type: null, from: 0, to: finish, lane: 0, running: true }] : [] };
  const slots = Math.max(1, Math.round(server.slots) || 1);
  const lanes = Math.min(slots, max_lanes);
  const free = new Array(lanes).fill(0);
  const pieces = work.map((w) => {
    const lane = free.indexOf(Math.min(...free));
    const from = free[lane];
    free[lane] += (w.s * lanes) / slots;
    return { type: w.type, from, to: free[lane], lane, running: from === 0 };
  });
  const end = Math.max(...free);
  if (finish > 0 && end > finish) for (const piece of pieces) (piece.from *= finish / end), (piece.to *= finish / end);
  if (finish > end * 1.02 + 1e-6) pieces.push({ type: null, from: end, to: finish, lane: -1, running: false });
  return { lanes, pieces };
}

function queue_rows(live, pool) {
  const waiting = list(live.waiting).filter((w) => w.pool === pool.name);
  const types = [...new Set([...list(pool.costs).map((c) => c.type), ...waiting.map((w) => w.type)])];
  const shown = types.length > 6 ? types.filter((t) => waiting.some((w) => w.type === t && w.count)).slice(0, 6) : types;
  return shown.map((type) => {
    const found = waiting.find((w) => w.type === type) || { count: 0, work_s: 0 };
    return { kind: "queue", key: `q/${pool.name}/${type}`, pool, type, count: found.count || 0, work_s: found.work_s, h: heights.queue };
  });
}

const by_finish = (a, b) => (b.finish_s || 0) - (a.finish_s || 0);

function group_rows(pool, servers, open) {
  const types = [...new Set(servers.map((s) => s.type))];
  return types.flatMap((type) => {
    const mine = servers.filter((s) => s.type === type);
    const key = fold_key(pool.name, type);
    const fold = { kind: "fold", key, pool, type, servers: [...mine].sort(by_finish), opened: open.has(key), h: heights.fold };
    if (!fold.opened) return [fold];
    const shown = fold.servers.slice(0, open_limit);
    const more = mine.length > open_limit ? [{ kind: "more", key: `${key}/more`, pool, type, count: mine.length - open_limit, h: heights.more }] : [];
    return [fold, ...shown.map(server_row), ...more];
  });
}

const server_row = (server) => ({ kind: "server", key: `s/${server.name}`, server, h: heights.server });

// Rows from top to bottom, each with y and h. `open` holds the keys of opened groups.
export function rows_of(live, { pool: only, open, sorted, compact, roomy }) {
  const servers = list(live.servers);
  const pools = list(live.pools).filter((p) => !only || p.name === only);
  const in_sight = servers.filter((s) => !only || s.pool === only).length;
  const limit = compact ? 24 : fold_above;
  const rows = [];
  for (const pool of pools) {
    const mine = servers.filter((s) => s.pool === pool.name);
    rows.push({ kind: "head", key: `p/${pool.name}`, pool, servers: mine.length, h: heights.head });
    if (pool.binding === "late") rows.push(...queue_rows(live, pool));
    if (in_sight > limit) rows.push(...group_rows(pool, mine, open));
    else rows.push(...(sorted ? [...mine].sort(by_finish) : mine).map(server_row));
  }
  let y = heights.head; // the axis
  for (const row of rows) {
    if (roomy && row.kind === "server" && in_sight <= 12) row.h = 42;
    row.y = y;
    y += row.h;
  }
  return { rows, height: y + 8 };
}

// When all that servers owe will be done, in seconds from now.
export const last_finish = (servers) => servers.reduce((most, s) => Math.max(most, known(s.finish_s) && s.state !== "absent" ? s.finish_s : 0), 0);

// A round upper end of the axis, at or above `seconds`.
export function axis_end(seconds) {
  if (!(seconds > 0)) return 0.1;
  const base = 10 ** Math.floor(Math.log10(seconds));
  return [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12.5].map((n) => n * base).find((n) => n >= seconds * 1.03);
}

const patience = 6; // snapshots
const worth = 1.6; // times: a smaller gain is not worth a jump
const end_of_nothing = 0.1; // seconds, until any work was seen

export const new_axis = () => ({ end: 0, tick: null, smaller: 0, most: 0 });

// The upper end of the axis from snapshot to snapshot. It grows at once, and shrinks when much less has been enough for some
// time. A moment without work says nothing of how long work is: it leaves the axis as it is.
export function steady_end(axis, last, tick) {
  const wanted = last > 0 ? axis_end(last) : 0;
  if (!wanted || (tick === axis.tick && wanted <= axis.end)) return axis.end || end_of_nothing;
  axis.tick = tick;
  const smaller = wanted * worth <= axis.end;
  axis.smaller = smaller ? axis.smaller + 1 : 0;
  axis.most = smaller ? Math.max(axis.most, wanted) : 0;
  if (wanted > axis.end) axis.end = wanted;
  else if (axis.smaller > patience) Object.assign(axis, { end: axis.most, smaller: 0, most: 0 });
  return axis.end;
}

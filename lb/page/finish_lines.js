// The picture that explains Finishline: all servers, what they owe, and when all is done.
import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { last_finish, new_axis, rows_of, steady_end } from "./finish_layout.js";
import { paint } from "./finish_paint.js";
import { duration, list, plural, rate, shortened, whole, state_tally } from "./format.js";
import { State, TypeName, TypeSwatch } from "./palette.js";
import { href } from "./route.js";
import { pen_of, use_width } from "./size.js";
import { is_dark, moves } from "./theme.js";

const glide_ms = 450;

// Values that glide from where they were to where they are.
function use_glide() {
  const kept = useRef({ from: new Map(), to: new Map(), began: 0 });
  const at = (now) => {
    const t = moves() ? Math.min(1, (now - kept.current.began) / glide_ms) : 1;
    return t * t * (3 - 2 * t);
  };
  const value = (now) => (name, target) => {
    const { from, to } = kept.current;
    const goal = to.has(name) ? to.get(name) : target || 0;
    const start = from.has(name) ? from.get(name) : goal;
    return start + (goal - start) * at(now);
  };
  const aim = (targets) => {
    const now = performance.now();
    const read = value(now);
    kept.current = { from: new Map([...targets].map(([name, v]) => [name, read(name, v)])), to: targets, began: now };
  };
  return { aim, value };
}

function use_painting(canvas, model, width, scale) {
  const glide = use_glide();
  const frame = useRef(0);
  const draw = useRef(null);
  draw.current = (now) => {
    if (!canvas.current || !width) return;
    const read = glide.value(now);
    paint(pen_of(canvas.current, width, model.height), model, { ...scale, end: read("\u0000end", scale.end) }, read);
  };
  useEffect(() => {
    const targets = new Map(model.rows.filter((r) => r.kind === "server").map((r) => [r.server.name, r.server.finish_s || 0]));
    targets.set("\u0000last", model.last).set("\u0000end", scale.end);
    glide.aim(targets);
    const until = performance.now() + glide_ms + 40;
    const step = (now) => {
      draw.current(now);
      if (now < until) frame.current = requestAnimationFrame(step);
    };
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame.current);
  }, [model, width, is_dark()]);
}

const ServerLabel = ({ row, brief }) => html`<a class="row-label" href=${href("servers", { server: row.server.name })}
  title=${`${row.server.name}: ${row.server.reason || row.server.state}`}>
  <${State} name=${row.server.state} quiet /><span class="row-name">${shortened(row.server.name, brief ? 9 : 40)}</span></a>`;

const HeadLabel = ({ row }) => html`<div class="pool-head"><a href=${href("pools", { pool: row.pool.name })}>${row.pool.name}</a>
  <span>${row.pool.policy || "no policy"}${row.pool.binding
    ? `, ${row.pool.binding} binding` : ""} · ${plural(row.servers, "server")} · ${rate(row.pool.rate)}
    ${row.pool.kind === "streams" ? " new streams" : ""}</span></div>`;

function FoldLabel({ row, toggle }) {
  return html`<button class="row-label fold" aria-expanded=${row.opened} onClick=${() => toggle(row.key)}>
    <b>${row.opened ? "▾" : "▸"} ${whole(row.servers.length)} × ${row.type}</b><small>${state_tally(row.servers)}</small></button>`;
}

const labels = {
  server: ServerLabel,
  head: HeadLabel,
  fold: FoldLabel,
  queue: ({ row }) => html`<span class="row-label queue"><${TypeSwatch} type=${row.type} /><span class="row-name">
    ${row.type} waits</span></span>`,
  more: ({ row }) => html`<a class="row-label"
    href=${href("servers", { filter: `pool:${row.pool.name} type:${row.type}` })}>and ${whole(row.count)} more</a>`,
};

const Row = ({ row, toggle, brief }) => html`<div class=${`row row-${row.kind}`} style=${{ top: `${row.y}px`, height: `${row.h}px` }}>
  <${labels[row.kind]} row=${row} toggle=${toggle} brief=${brief} /></div>`;

const Key = ({ types }) => html`<ul class="key">${types.map((type) => html`<li><${TypeName} type=${type} /></li>`)}
  <li><svg class="swatch" viewBox="0 0 8 8" aria-hidden="true"><rect width="8" height="8" class="key-solid" /></svg>at work</li>
  <li><svg class="swatch" viewBox="0 0 8 8" aria-hidden="true"><rect width="8" height="8" class="key-pale" /><path
    d="M-2 8L8 -2M0 10L10 0" class="key-stroke" /></svg>waits behind</li>
  <li><svg class="swatch" viewBox="0 0 8 8" aria-hidden="true"><path class="key-flag" d="M0 0h4v4H0zM4 4h4v4H4z" />
    </svg>all done</li></ul>`;

function words_of(servers, last) {
  const busy = servers.filter((s) => s.finish_s > 0);
  const latest = [...busy].sort((a, b) => b.finish_s - a.finish_s)[0];
  if (!latest) return "No server has work.";
  return `${busy.length} of ${servers.length} servers have work. All is done in ${duration(last)}; the last is ${latest.name}.`;
}

// props: live, pool (only this one), sorted, compact (fold earlier), roomy (high rows where they are few)
export function FinishLines({ live, pool, sorted, compact, roomy }) {
  const [box, width] = use_width();
  const canvas = useRef(null);
  const [open, set_open] = useState(() => new Set());
  const toggle = (key) => set_open((before) => {
    const next = new Set(before);
    if (!next.delete(key)) next.add(key);
    return next;
  });
  const servers = list(live.servers).filter((s) => !pool || s.pool === pool);
  const last = last_finish(servers);
  const model = useMemo(() => ({ ...rows_of(live, { pool, open, sorted, compact, roomy }), last }), [live, pool, open, sorted, compact, roomy]);
  const axis = useRef(new_axis());
  const left = width < 520 ? 104 : 172; // of the labels
  const scale = { left, width: width - left, end: steady_end(axis.current, last, live.tick) };
  use_painting(canvas, model, width, scale);
  const types = [...new Set([...list(live.types).map((t) => t.name)])].slice(0, 8);
  return html`<div class="finish"><p class="finish-words">All that is owed is done in <b>${duration(last)}</b></p><${Key}
    types=${types} />
    <div class="finish-box" ref=${box} style=${{ height: `${model.height}px` }}>
      <canvas ref=${canvas} role="img" aria-label=${words_of(servers, last)}></canvas>
      ${model.rows.map((row) => html`<${Row} key=${row.key} row=${row} toggle=${toggle} brief=${left < 120} />`)}
    </div></div>`;
}

// The time range that charts show: live, the last so many seconds, or fixed ends.
import { html, useState } from "./vendor/preact.js";
import { choose, use_route } from "./route.js";
import { moment } from "./format.js";

export const ranges = [
  ["live", "Live", 900],
  ["1h", "1 h", 3600],
  ["6h", "6 h", 6 * 3600],
  ["24h", "24 h", 86400],
  ["7d", "7 d", 7 * 86400],
  ["30d", "30 d", 30 * 86400],
  ["90d", "90 d", 90 * 86400],
  ["1y", "1 y", 365 * 86400],
  ["2y", "2 y", 730 * 86400],
];

// { key, live, span, from, to } of the address's parameters; from and to are null unless the ends are fixed.
export function range_of(params) {
  const from = Number(params.from);
  const to = Number(params.to);
  if (from > 0 && to > from) return { key: `${from}-${to}`, live: false, span: to - from, from, to };
  const [key, , span] = ranges.find(([name]) => name === params.range) || ranges[0];
  return { key, live: key === "live", span, from: null, to: null };
}

export const zoom = (from, to) => choose({ range: null, from: Math.floor(from), to: Math.ceil(to) });

const local = (time) => {
  const date = new Date(time * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
};

function CustomRange({ range, done }) {
  const now = Date.now() / 1000;
  const apply = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const from = new Date(form.get("from")).getTime() / 1000;
    const to = new Date(form.get("to")).getTime() / 1000;
    if (to > from) zoom(from, to), done();
  };
  return html`<form class="custom-range" onSubmit=${apply}>
    <label>From <input type="datetime-local" name="from" required defaultValue=${local(range.from || now - range.span)} /></label>
    <label>To <input type="datetime-local" name="to" required defaultValue=${local(range.to || now)} /></label>
    <button class="primary">Show</button>
  </form>`;
}

export function RangePicker() {
  const { params } = use_route();
  const [custom, set_custom] = useState(false);
  const range = range_of(params);
  const fixed = range.from !== null;
  return html`<div class="range" role="group" aria-label="Time range">
    ${ranges.map(([key, label]) => html`<button class="chip" aria-pressed=${range.key === key}
      onClick=${() => choose({ range: key === "live" ? null : key, from: null, to: null })}>${label}</button>`)}
    <button class="chip" aria-pressed=${fixed} aria-expanded=${custom} onClick=${() => set_custom(!custom)}>
      ${fixed ? `${moment(range.from)} – ${moment(range.to)}` : "From – to"}</button>
    ${custom && html`<${CustomRange} range=${range} done=${() => set_custom(false)} />`}
  </div>`;
}

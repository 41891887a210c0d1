// Latency over time as a heat map: how many requests took how long. Lost time is hatched.
import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { hatch } from "./chart_marks.js";
import { axis_time, duration, list, moment, plural } from "./format.js";
import { use_resource } from "./resource.js";
import { pen_of, use_width } from "./size.js";
import { proxy_now } from "./store.js";
import { css, is_dark } from "./theme.js";

const height = 230;
const left = 64;
const bottom = 22;

const ramps = {
  light: ["#e3eef8", "#b5d3ec", "#7fb2dd", "#4a8fc9", "#1f6bb0", "#0b4a86", "#062f5c"],
  dark: ["#14283d", "#1b4266", "#226094", "#2f82bf", "#57a8dd", "#94cdf2", "#d9f0ff"],
};

const ramp = () => ramps[is_dark() ? "dark" : "light"];

// Only the bounds between the fastest and the slowest request that was seen.
function used_bounds(map) {
  const columns = list(map.counts).filter(Array.isArray);
  const seen = list(map.bounds_s).map((_, at) => columns.some((c) => c[at] > 0));
  const first = seen.indexOf(true);
  return first < 0 ? null : [Math.max(0, first - 1), Math.min(seen.length - 1, seen.lastIndexOf(true) + 1)];
}

function paint_cells(pen, map, frame) {
  const [low, high] = frame.bounds;
  const most = Math.max(1, ...list(map.counts).map((c) => (Array.isArray(c) ? Math.max(...c) : 0)));
  const colours = ramp();
  list(map.counts).forEach((column, at) => {
    const x = left + at * frame.w;
    if (!Array.isArray(column)) return hatch(pen, x, 0, frame.w + 0.5, height - bottom);
    for (let bound = low; bound <= high; bound++) {
      if (!(column[bound] > 0)) continue;
      const heat = Math.sqrt(column[bound] / most);
      pen.fillStyle = colours[Math.min(colours.length - 1, Math.floor(heat * colours.length))];
      pen.fillRect(x, height - bottom - (bound - low + 1) * frame.h, Math.max(1, frame.w + 0.3), frame.h + 0.3);
    }
  });
}

function paint_axes(pen, map, frame, width) {
  const [low, high] = frame.bounds;
  pen.font = "11px system-ui, sans-serif";
  pen.fillStyle = css("--muted");
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  const each = Math.max(1, Math.ceil((high - low + 1) / 7));
  for (let bound = low; bound <= high; bound += each) {
    const y = height - bottom - (bound - low + 1) * frame.h;
    pen.fillText(duration(map.bounds_s[bound]), left - 8, Math.max(7, y));
  }
  pen.textAlign = "center";
  const ticks = Math.max(2, Math.floor(width / 150));
  const count = map.counts.length;
  for (let tick = 0; tick <= ticks; tick++) {
    const at = (tick / ticks) * count;
    const x = Math.min(width - 24, Math.max(left + 14, left + at * frame.w));
    pen.fillText(axis_time(map.from + at * map.step, (count * map.step) / ticks), x, height - 8);
  }
}

function frame_of(map, width) {
  const bounds = used_bounds(map);
  if (!bounds || !width || !map.counts.length) return null;
  return { bounds, w: (width - left) / map.counts.length, h: (height - bottom) / (bounds[1] - bounds[0] + 1) };
}

function words_at(map, frame, event) {
  const box = event.currentTarget.getBoundingClientRect();
  const column = Math.floor((event.clientX - box.left - left) / frame.w);
  const bound = frame.bounds[0] + Math.floor((height - bottom - (event.clientY - box.top)) / frame.h);
  if (column < 0 || column >= map.counts.length || bound < frame.bounds[0] || bound > frame.bounds[1]) return null;
  const time = moment(map.from + column * map.step);
  const counts = map.counts[column];
  if (!Array.isArray(counts)) return `${time}: no data`;
  const from = bound > 0 ? duration(map.bounds_s[bound - 1]) : "0 s";
  return `${time}: ${plural(counts[bound] || 0, "request")} took ${from} to ${duration(map.bounds_s[bound])}`;
}

const path_of = (pool, type, range) => {
  const to = range.to ?? proxy_now();
  const query = new URLSearchParams({ from: (range.from ?? to - range.span).toFixed(0), to: to.toFixed(0) });
  if (pool) query.set("pool", pool);
  if (type) query.set("type", type);
  return `api/v1/heatmap?${query}`;
};

// props: pool, type (both may be null: all), range
export function HeatMap({ pool, type, range }) {
  const [box, width] = use_width();
  const canvas = useRef(null);
  const [hover, set_hover] = useState(null);
  const [turn, set_turn] = useState(0);
  const path = use_path(pool, type, range, turn);
  const { status, value, error } = use_resource(path);
  const kept = useRef(null);
  if (value && Array.isArray(value.counts)) kept.current = value;
  const map = kept.current;
  const frame = map ? frame_of(map, width) : null;
  useEffect(() => {
    const timer = range.from === null ? setInterval(() => !document.hidden && set_turn((n) => n + 1), 10000) : null;
    return () => clearInterval(timer);
  }, [range.key]);
  useEffect(() => {
    if (!canvas.current || !width) return;
    const pen = pen_of(canvas.current, width, height);
    if (frame) paint_cells(pen, map, frame), paint_axes(pen, map, frame, width);
  }, [map, width, is_dark()]);
  const words = status === "failed" ? error.message : frame ? "" : status === "loading" ? "loading ..." : "no data for this range";
  return html`<figure class="heat"><div class="plot" ref=${box} data-height="230">
    <canvas ref=${canvas} role="img" aria-label="Heat map of latency over time"
      onMouseMove=${(e) => frame && set_hover(words_at(map, frame, e))} onMouseLeave=${() => set_hover(null)}></canvas>
    ${words && html`<p class="plot-words">${words}</p>`}</div>
    <div class="heat-foot"><p class="foot">
      ${hover || "darker: more requests of that duration".replace("darker", is_dark() ? "brighter" : "darker")}</p><${Scale} />
      </div></figure>`;
}

const Scale = () => html`<svg class="heat-scale" viewBox="0 0 70 8" aria-hidden="true">${ramp().map((colour, at) => html`<rect
  x=${at * 10} width="10" height="8" fill=${colour} />`)}</svg>`;

// A path that stays the same until something is chosen anew or it is time to look again.
function use_path(pool, type, range, turn) {
  const kept = useRef({ key: "", path: null });
  const key = `${pool}|${type}|${range.key}|${turn}`;
  if (kept.current.key !== key) kept.current = { key, path: path_of(pool, type, range) };
  return kept.current.path;
}

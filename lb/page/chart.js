// A chart of some columns over time: uPlot with our axes, legend, gaps and marks.
import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { gaps_of, mark_words, marks_plugin } from "./chart_marks.js";
import { axis_time, moment, NO_DATA, of_unit, known } from "./format.js";
import { zoom } from "./range.js";
import { use_width } from "./size.js";
import { state } from "./store.js";
import { css, is_dark } from "./theme.js";

const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const lines = ["--line-1", "--line-2", "--line-3", "--line-4"];

// The look of line `at`: { colour, dash }. A line may name its own.
const look_of = (line, at) => ({ colour: line.colour || css(lines[at % lines.length]), dash: line.dash || dashes[at % dashes.length] });

function axes(unit) {
  const common = { stroke: css("--muted"), grid: { stroke: css("--grid"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const say = unit === "x" ? (v) => `${Number(v.toFixed(3))} x` : of_unit(unit);
  return [
    { ...common, size: 26, space: 70, values: (u, splits, axis, space, step) => splits.map((t) => axis_time(t, step)) },
    { ...common, size: 64, space: 28, values: (u, splits) => splits.map((v) => (v === null ? "" : say(v))) },
  ];
}

const top_of = (u, low, high) => [Math.min(0, low ?? 0), (high ?? 0) > 0 ? high * 1.08 : 1];

function options(props, width, hooks) {
  const series = props.lines.map((line, at) => {
    const { colour, dash } = look_of(line, at);
    const fill = line.fill ? `${colour}26` : undefined;
    const points = line.dots ? { show: true, size: 8, fill: colour } : { show: false };
    return { label: line.label, stroke: line.hidden || line.dots ? "transparent" : colour, width: 1.6, dash, fill, spanGaps: false, points };
  });
  return {
    width,
    height: props.height || 200,
    legend: { show: false },
    cursor: { sync: { key: props.sync || "time" }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: props.range_y || top_of } },
    axes: axes(props.unit),
    series: [{}, ...series],
    bands: props.bands,
    plugins: [marks_plugin(hooks.beside)],
    hooks: { setCursor: [hooks.cursor], setSelect: [hooks.select] },
  };
}

function Legend({ lines: all, columns, unit, at, values }) {
  const say = of_unit(unit);
  return html`<ul class="legend">${all.map((line, n) => {
    if (line.hidden) return null;
    const { colour, dash } = look_of(line, n);
    const column = columns[n] || [];
    const value = at === null ? last_of(column) : column[at];
    return html`<li><svg class="line" viewBox="0 0 22 8" aria-hidden="true">${line.dots ? html`<circle cx="11"
      cy="4" r="3.5" fill=${colour} />` : html`<path d="M0 4H22" stroke=${colour} stroke-width="2.4"
      stroke-dasharray=${dash.join(" ")} />`}</svg>
      ${line.label}${values === "cursor" && at === null ? null : html` <b>${known(value) ? say(value) : NO_DATA}</b>`}</li>`;
  })}</ul>`;
}

function last_of(column) {
  for (let at = column.length - 1; at >= Math.max(0, column.length - 3); at--) if (known(column[at])) return column[at];
  return null;
}

const marks_of = (data) => {
  const first = data.times[0];
  const last = data.times[data.times.length - 1] + data.step;
  const seen = new Set();
  return [...data.marks, ...(data.follows ? state.marks : [])].filter((m) => {
    const key = `${m.time}${m.kind}`;
    return m.time >= first && m.time <= last && m.kind !== "gap" && !seen.has(key) && seen.add(key);
  });
};

// The words under the chart: the time under the cursor and the mark near it, or the source of the data.
function Foot({ data, at, marks }) {
  if (at === null) return html`<p class="foot">${marks.length ? `${marks.length === 1 ? "1 mark"
    : `${marks.length} marks`}; the last: ${marks[marks.length - 1].text}, ${moment(marks[marks.length - 1].time)}` : " "}</p>`;
  const time = data.times[at];
  const reach = (data.times[data.times.length - 1] - data.times[0]) / 60;
  const near = marks.filter((m) => Math.abs(m.time - time) <= reach).pop();
  return html`<p class="foot">${moment(time)}${near ? ` · ${mark_words[near.kind] || near.kind}: ${near.text}` : ""}</p>`;
}

function use_plot(props, width, beside, set_at) {
  const box = useRef(null);
  const plot = useRef(null);
  const shape = `${props.lines.map((l) => l.label).join("|")}|${props.unit}|${props.height}|${is_dark()}|${Boolean(props.data)}`;
  const columns = props.data ? [props.data.times, ...props.data.columns] : null;
  useEffect(() => {
    if (!columns || !width || !box.current) return;
    const cursor = (u) => set_at(u.cursor.idx ?? null);
    const select = (u) => {
      if (u.select.width < 8) return;
      zoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
      u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    };
    plot.current = new uPlot(options(props, width, { beside: () => beside.current, cursor, select }), columns, box.current);
    return () => (plot.current.destroy(), (plot.current = null));
  }, [shape, width > 0]);
  useEffect(() => {
    if (plot.current && plot.current.width !== width && width) plot.current.setSize({ width, height: props.height || 200 });
  }, [width]);
  useEffect(() => {
    if (plot.current && columns) plot.current.setData(columns);
  }, [props.data]);
  return box;
}

// props: title, unit, lines [{ label, colour?, fill?, hidden? }], status, message, data { times, columns, marks },
// height, bands, values ("cursor": only those under the cursor are told), range_y, sync
export function Chart(props) {
  const [ref, width] = use_width();
  const [at, set_at] = useState(null);
  const { data, status, message, title } = props;
  const gaps = useMemo(() => (data ? gaps_of(data.times, data.columns) : []), [data]);
  const marks = data && data.times.length ? marks_of(data) : [];
  const beside = useRef({ gaps, marks });
  beside.current = { gaps, marks };
  const box = use_plot(props, width, beside, set_at);
  const empty = !data || !data.columns.some((c) => c.some(known));
  const words = status === "failed" ? message : status === "loading" ? "loading ..." : "no data for this range";
  const cursor = at !== null && data && at < data.times.length ? at : null;
  return html`<figure class="chart" aria-label=${title}>
    <figcaption><h3>${title}</h3><${Legend} lines=${props.lines} columns=${data ? data.columns : []} unit=${props.unit} at=${cursor}
      values=${props.values} /></figcaption>
    <div class="plot" ref=${ref} data-height=${props.height || 200}><div ref=${box} aria-hidden="true"></div>
      ${(empty || status === "failed") && html`<p class="plot-words">${words}</p>`}</div>
    ${data && data.times.length > 0 ? html`<${Foot} data=${data} at=${cursor} marks=${marks} />` : html`<p class="foot"> </p>`}
    ${marks.length > 0 && html`<ul class="sr">${marks.slice(-20).map((m) => html`<li>${moment(m.time)}: ${m.text}</li>`)}</ul>`}
  </figure>`;
}

// A forecast with its bands, its parts, what was odd in the past, and how methods did when they were put to the test.
import { html, useMemo } from "./vendor/preact.js";
import { Chart } from "./chart.js";
import { age, known, list, moment, number, percent, plural, rows } from "./format.js";
import { Table } from "./parts.js";
import { css } from "./theme.js";

const value_of = (point) => (known(point) ? point : known(point?.value) ? point.value : null);

// History and forecast on one axis; each point of the forecast has its bands.
function columns_of(result) {
  const past = rows(result.history).filter((p) => known(p.time));
  const to_come = rows(result.points).filter((p) => known(p.time));
  const times = [...past, ...to_come].map((p) => p.time);
  const blank = past.map(() => null);
  const of = (name) => [...blank, ...to_come.map((p) => (known(p[name]) ? p[name] : null))];
  const seen = [...past.map(value_of), ...to_come.map(() => null)];
  const odd = new Set(list(result.anomalies).map((a) => (known(a) ? a : a?.time)));
  const naive = [...blank, ...to_come.map((_, at) => value_of(list(result.naive?.values)[at]))];
  const anomalies = times.map((t, at) => (odd.has(t) ? seen[at] : null));
  return { times, columns: [of("high95"), of("low95"), of("high80"), of("low80"), seen, of("value"), naive, anomalies], marks: [], step: 1, source: "" };
}

const lines_of = (result) => [
  { label: "high95", hidden: true }, { label: "low95", hidden: true }, { label: "high80", hidden: true }, { label: "low80", hidden: true },
  { label: "seen", colour: css("--muted"), dash: [] },
  { label: result.method || "forecast", colour: css("--line-1"), dash: [] },
  { label: result.naive?.method || "naive", colour: css("--line-2"), dash: [7, 4] },
  { label: "odd", colour: css("--bad"), dash: [], dots: true },
];

const bands_of = () => [{ series: [1, 2], fill: `${css("--line-1")}26` }, { series: [3, 4], fill: `${css("--line-1")}40` }];

const component_words = { trend: "Trend", day: "Over the day", week: "Over the week", events: "Events", rest: "What is left" };

function times_for(points, result) {
  if (points.length && known(points[0]?.time)) return points.map((p) => p.time);
  const all = [...rows(result.history), ...rows(result.points)].map((p) => p.time);
  if (points.length === all.length) return all;
  if (points.length === rows(result.points).length) return rows(result.points).map((p) => p.time);
  const step = all.length > 1 ? all[1] - all[0] : 3600;
  return points.map((_, at) => (all[0] || 0) + at * step);
}

function Component({ name, points, result }) {
  const data = useMemo(() => ({ times: times_for(points, result), columns: [points.map(value_of)], marks: [], step: 1, source: "" }), [points]);
  const range_y = (u, low, high) => (low === high ? [low - 1, high + 1] : [low - (high - low) * 0.08, high + (high - low) * 0.08]);
  return html`<${Chart} title=${component_words[name] || name} unit="" height=${120} sync="components" range_y=${range_y}
    values="cursor" lines=${[{ label: name, colour: css("--line-1"), dash: [] }]} status="ready" data=${data} />`;
}

const Anomalies = ({ anomalies }) => html`<h3>${anomalies.length
  ? `${plural(anomalies.length, "odd point")} in the past` : "Nothing odd in the past"}</h3>
  ${anomalies.length > 0 && html`<ul class="anomalies">${anomalies.slice(-12).map((a) => html`<li>${moment(known(a) ? a : a.time)}
    ${known(a.value) ? `: ${number(a.value)}` : ""}${known(a.expected) ? `, expected ${number(a.expected)}` : ""}</li>`)}</ul>`}`;

function BackTest({ backtest }) {
  const methods = rows(backtest?.methods);
  if (!methods.length) return null;
  const best = Math.min(...methods.map((m) => (known(m.mase) ? m.mase : Infinity)));
  return html`<h3>Put to the test on the past</h3>
    <${Table} caption="Back-test"
      head=${["Method", ["MASE", "n"], ["Mean error", "n"], ["Root of squares", "n"], ["In the 80 % band", "n"], ["In the 95 % band", "n"]]}>
    ${methods.map((m) => html`<tr key=${m.name} class=${m.name === backtest.chosen ? "in-force" : ""}><th scope="row">${m.name}
      ${m.name === backtest.chosen && html` <span class="tag">chosen</span>`}</th><td class="n"><b>
      ${known(m.mase) ? m.mase.toFixed(3) : "–"}</b>${m.mase === best ? " ★" : ""}</td><td class="n">${number(m.mae)}</td><td
      class="n">${number(m.rmse)}</td><td class="n">${percent(m.coverage80)}</td><td class="n">${percent(m.coverage95)}</td></tr>`)}
      <//>
    <p class="foot">MASE below 1 is better than saying what was a season ago; ★ the lowest. Bands should hold what they say.</p>`;
}

const span_words = (result) => age(rows(result.history).length * (known(result.step_s) ? result.step_s : 0));

// How the forecast did on the past beside the naive one, in words; also where it did worse, or could not be tried.
export function verdict(result) {
  const check = result.backtest;
  const chosen = rows(check?.methods).find((m) => m.name === check.chosen);
  if (!chosen || !(check.origins > 0) || !known(chosen.mae))
    return `Too little past to put it to the test: ${span_words(result)} are known, so the bands have no width. Two weeks are enough, two days better than none.`;
  const naive = result.naive || {};
  const off = `On the past, tried at ${plural(check.origins, "moment")}, ${check.chosen} was off by ${number(chosen.mae)} on the average`;
  if (!known(naive.mae) || naive.method === check.chosen) return `${off}.`;
  const margin = naive.mae > 0 ? 1 - chosen.mae / naive.mae : null;
  const than = !known(margin) ? "" : margin >= 0 ? `: ${percent(margin)} better` : `: ${percent(-margin)} worse, so trust it little`;
  return `${off}, ${naive.method} by ${number(naive.mae)}${than}.`;
}

export function ForecastResult({ result }) {
  const data = useMemo(() => columns_of(result), [result]);
  const components = Object.entries(result.components || {}).filter(([, points]) => list(points).length > 1 && points.some((p) => value_of(p) !== 0));
  return html`<${Chart} title=${`Forecast${result.method ? ` by ${result.method}` : ""}`} unit=${result.unit || ""} height=${260}
    sync="forecast" lines=${lines_of(result)} bands=${bands_of()} values="cursor" status="ready" data=${data} />
    <p>${verdict(result)}</p>
    <p class="foot">Dark band: 80 of 100 values are expected inside; pale band: 95 of 100. Dashed: the naive forecast, to compare.</p>
    ${components.length > 0 && html`<div class="triple">${components.map(([name, points]) => html`<${Component} key=${name}
      name=${name} points=${points} result=${result} />`)}</div>`}
    <${Anomalies} anomalies=${list(result.anomalies)} /><${BackTest} backtest=${result.backtest} />`;
}

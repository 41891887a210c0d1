// One server: its state and why, what it has to do, its history, and what can be changed.
import { html } from "./vendor/preact.js";
import { ask_drain, ask_remove_server, ask_server, ask_undrain } from "./actions.js";
import { Chart } from "./chart.js";
import { age, bytes, duration, known, list, moment, percent, plural, rate, ratio, whole } from "./format.js";
import { State, TypeName } from "./palette.js";
import { Empty, Panel } from "./parts.js";
import { RangePicker, range_of } from "./range.js";
import { choose, use_route } from "./route.js";
import { use_series } from "./series.js";
import { left_words } from "./server_columns.js";
import { proxy_now } from "./store.js";

const Fact = ({ name, children }) => html`<div><dt>${name}</dt><dd>${children}</dd></div>`;

const Facts = ({ server: s }) => html`<dl class="facts">
  <${Fact} name="address"><code>${s.address || "unknown"}</code><//><${Fact} name="type">${s.type}<//><${Fact} name="pool">${s.pool}
    <//>
  <${Fact} name="done in">${duration(s.finish_s)}<//>${!known(s.streams_open)
    && html`<${Fact} name="has">${plural(s.in_flight, "request")}<//>`}
    <${Fact} name="slots">${whole(s.slots)}<//>
  ${known(s.streams_open) && html`<${Fact} name="streams">${whole(s.streams_open)}<//>`}${known(s.load_percent) && html`<${Fact}
    name="load">${percent(s.load_percent / 100)}<//>`}
  <${Fact} name="rate">${rate(s.rate)}<//><${Fact} name="errors">${rate(s.errors_rate)}<//><${Fact} name="busy">${percent(s.busy)}
    <//>
  ${known(s.beside) && html`<${Fact} name="beside its like">${ratio(s.beside)}<//>`}
  <${Fact} name="p50 / p95 / p99">${["p50", "p95", "p99"].map((q) => duration(s.latency?.[q])).join(" / ")}<//>
  <${Fact} name="CPU">${percent(s.cpu)}<//><${Fact} name="memory">${bytes(s.memory_bytes)}<//>
  <${Fact} name="ejections">${whole(s.ejections)}<//><${Fact} name="failed checks">${whole(s.check_failures)}<//>
    ${s.backup && html`<${Fact} name="role">backup<//>`}</dl>`;

function Work({ server }) {
  const work = list(server.work);
  if (!work.length) return html`<p class="quiet">${server.finish_s > 0
    ? `It owes ${duration(server.finish_s)} of work; the pieces are not told.` : "It has nothing to do."}</p>`;
  return html`<ol class="work" aria-label="What it has to do, first to last">${work.map((w) => html`<li><${TypeName}
    type=${w.type} /> ${duration(w.s)}</li>`)}</ol>`;
}

const numbers = [
  { name: "weight", label: "Weight", min: 0, max: 1000, step: "any" },
  { name: "speed", label: "Speed", min: 0.001, max: 1000, step: "any" },
  { name: "slots", label: "Slots", min: 1, max: 1024, step: 1 },
];

// Only what was written otherwise is asked for.
function Settings({ server }) {
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const told = numbers.filter(({ name }) => form.get(name) !== "" && Number(form.get(name)) !== server[name]);
    if (told.length) ask_server(server, Object.fromEntries(told.map(({ name }) => [name, Number(form.get(name))])));
  };
  return html`<form class="weight" onSubmit=${submit}>${numbers.map((n) => html`<label>${n.label} <input type="number"
    name=${n.name} min=${n.min} max=${n.max} step=${n.step} defaultValue=${known(server[n.name]) ? server[n.name] : ""} /></label>`)}
    <button>Set</button></form>`;
}

const lines = {
  work: [{ label: "rate", fill: true }, { label: "errors" }],
  latency: [{ label: "p50" }, { label: "p95" }, { label: "p99" }],
  busy: [{ label: "busy", fill: true }, { label: "CPU" }],
  finish: [{ label: "done in", fill: true }],
};

function Course({ name, range }) {
  const of = (...parts) => parts.map((part) => `server.${name}.${part}`);
  const work = use_series(of("rate", "errors"), range);
  const latency = use_series(of("p50", "p95", "p99"), range);
  const busy = use_series(of("busy", "cpu"), range);
  const finish = use_series(of("finish"), range);
  return html`<div class="pair"><${Chart} title="Requests" unit="1/s" height=${150} lines=${lines.work} ...${work} />
    <${Chart} title="Latency" unit="s" height=${150} lines=${lines.latency} ...${latency} />
    <${Chart} title="Busy" unit="share" height=${150} lines=${lines.busy} ...${busy} />
      <${Chart} title="Done in" unit="s" height=${150} lines=${lines.finish} ...${finish} /></div>`;
}

function Body({ server, params }) {
  const since = known(server.since) ? ` for ${age(proxy_now() - server.since)}, since ${moment(server.since)}` : "";
  const drained = server.admin === "drain";
  return html`<div class="details-top"><p class="details-state"><${State} name=${server.state} />
    ${since}${server.reason ? `: ${server.reason}` : ""}
    ${left_words(server) === "nothing left" ? ". It has nothing left, and may be stopped." : ""}</p>
    <div class="buttons"><${Settings} key=${`${server.weight} ${server.speed} ${server.slots}`} server=${server} />
      ${drained ? html`<button class="primary" onClick=${() => ask_undrain(server)}>Undrain</button>` : html`<button
        onClick=${() => ask_drain(server)}>Drain</button>`}
      <button class="danger" onClick=${() => ask_remove_server(server, () => choose({ server: null }))}>Remove</button></div></div>
    <${Facts} server=${server} /><h3>What it has to do</h3><${Work} server=${server} />
    <div class="bar-line"><h3>The course of it</h3><${RangePicker} /></div><${Course} name=${server.name}
      range=${range_of(params)} />`;
}

export function ServerDetails({ name, server }) {
  const { params } = use_route();
  const close = html`<button onClick=${() => choose({ server: null })}>Close<span class="sr"> details of ${name}</span></button>`;
  return html`<${Panel} title=${name} id="h-server" tools=${close}>${server ? html`<${Body} server=${server} params=${params} />`
    : html`<${Empty}>No server of this name is known now. It may have left with a reload.<//>`}<//>`;
}

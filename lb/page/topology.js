// Where traffic comes in, which pool takes it and which server does it; flows are as wide as the traffic.
import { html } from "./vendor/preact.js";
import { bytes, duration, known, list, percent, plural, rate, shortened, whole } from "./format.js";
import { state_shape, state_words, states, State } from "./palette.js";
import { Empty, Panel, Table } from "./parts.js";
import { href } from "./route.js";
import { use_width } from "./size.js";
import { use_store } from "./store.js";
import { topology_of } from "./topology_layout.js";

function Flow({ flow }) {
  const x0 = flow.from.x + flow.from.w;
  const x1 = flow.to.x;
  const bend = (x1 - x0) / 2;
  const idle = !(flow.rate > 0);
  return html`<path class=${`flow${idle ? " idle" : ""}`}
    d=${`M${x0} ${flow.y0}C${x0 + bend} ${flow.y0} ${x1 - bend} ${flow.y1} ${x1} ${flow.y1}`}
    stroke-width=${flow.width} stroke-dasharray=${idle ? "2 5" : null}><title>
      ${`${flow.from.name} to ${flow.to.name}: ${flow.counted ? rate(flow.rate) : "not counted by listener"}`}</title></path>`;
}

const cut = (words, letters) => {
  const room = Math.max(4, Math.floor(letters));
  return String(words).length > room ? `${String(words).slice(0, room - 1)}…` : words;
};

// Its name is what is seen, and then what else there is to say.
function Box({ node, to, first, second, state, label }) {
  const name = shortened(first, (node.w - (state ? 34 : 18)) / 8.8);
  const note = cut(second, (node.w - (state ? 32 : 14)) / 6.4);
  const shape = state && html`<g class=${`state state-${states[state] ? state : "absent"}`}
    transform=${`translate(${node.x + 9} ${node.y + 8})`}><path d=${state_shape(state)} fill-rule="evenodd" /></g>`;
  const left = node.x + (state ? 27 : 10);
  return html`<a href=${to} aria-label=${`${name} ${note}, ${label}`}><g class=${`box${state === "down" || state === "ejected" ? " off" : ""}`}>
    <rect x=${node.x + 0.5} y=${node.y + 0.5} width=${node.w - 1} height=${node.h - 1} rx="5" />${shape}
    <text class="box-name" x=${left} y=${node.y + 17}>${name}</text>${" "}
    <text class="box-note" x=${left} y=${node.y + 32}>${note}</text></g></a>`;
}

const server_box = (s, narrow) => html`<${Box} node=${s} key=${s.key} state=${s.state} first=${s.name} second=${`${rate(s.rate)}
  ${s.state === "up" || narrow ? "" : ` · ${state_words(s.state)}`}`}
  to=${href("servers", s.folded ? { filter: `pool:${s.pool} type:${s.type} state:${s.state}` } : { server: s.name })}
  label=${`server ${s.name}, ${state_words(s.state)}`} />`;

const brought = (l) => rate(l.mode === "stream" ? l.rate : l.requests_rate);

const listener_box = (l, narrow) => html`<${Box} node=${l} key=${l.key} first=${l.name}
  second=${l.state === "lost" ? "nobody can connect" : narrow ? brought(l) : `${brought(l)} · ${l.refused_rate > 0 ? `${rate(l.refused_rate)} refused` : `${whole(l.open)} open`}`} to=${href("traffic")}
  label=${`listener ${l.name}${l.state === "lost" ? ", lost" : ""}, ${l.mode}, ${plural(l.open ?? 0, "connection")} open, ${rate(l.rate)} accepted, ${rate(l.refused_rate)} refused`} />`;

const pool_box = (p, narrow) => html`<${Box} node=${p} key=${p.key} first=${p.name} second=${narrow ? rate(p.rate)
  : `${rate(p.rate)} · ${p.policy || "no policy"}`} to=${href("pools", { pool: p.name })}
  label=${`pool ${p.name}`} />`;

function Picture({ live }) {
  const [box, width] = use_width();
  const drawn = width ? topology_of(live, width) : null;
  return html`<div class="topology" ref=${box}>
    ${drawn && html`<svg width=${width} height=${drawn.height} role="group"
      aria-label="Flow of traffic from listeners over pools to servers">
      ${drawn.heads.map(([x, words]) => html`<text class="box-note" x=${x} y="12">${words}</text>`)}
      ${drawn.flows.map((flow) => html`<${Flow} key=${flow.from.key + flow.to.key} flow=${flow} />`)}
      ${drawn.listeners.map((l) => listener_box(l, drawn.narrow))}${drawn.pools.map((p) => pool_box(p, drawn.narrow))}
        ${drawn.servers.map((s) => server_box(s, drawn.narrow))}</svg>`}
    ${drawn && drawn.flows.some((f) => !f.counted) && html`<p class="foot">Listeners beyond the 4,096th are not counted,
      and drawn idle.</p>`}</div>`;
}

const StateKey = () => html`<ul class="key">${Object.keys(states).map((name) => html`<li><${State} name=${name} /></li>`)}</ul>`;

const Processes = ({ workers }) => html`<${Table} caption="Processes" className="processes"
  head=${["Process", ["pid", "n rank-2"], "State", ["Open", "n"], ["Rate", "n"], ["CPU", "n"], ["Memory", "n"], ["Last heard", "n rank-2"]]}>
  ${workers.map((w) => html`<tr key=${w.name}><th scope="row">${w.name}</th><td class="n rank-2">${known(w.pid) ? w.pid : "–"}</td>
    <td>${w.state}</td>
    <td class="n">${known(w.open) ? whole(w.open) : "–"}</td><td class="n">${known(w.rate) ? rate(w.rate) : "–"}</td>
    <td class="n">${percent(w.cpu)}</td><td class="n">${bytes(w.memory_bytes)}</td>
      <td class="n rank-2">${known(w.silent_s) ? `${duration(w.silent_s)} ago` : "–"}</td></tr>`)}<//>`;

export function TopologyView() {
  const { live } = use_store();
  const workers = list(live.workers);
  const counts = ["listener", "pool", "server"].map((one) => plural(list(live[`${one}s`]).length, one));
  const note = counts.join(", ");
  return html`<${Panel} title="Topology" note=${note}><${StateKey} /><${Picture} live=${live} /><//>
    <${Panel} title="Processes" note="Workers share the load; the master watches them, control serves this page">
      ${workers.length ? html`<${Processes} workers=${workers} />` : html`<${Empty}>The proxy tells nothing of its processes.<//>`}
        <//>`;
}

// How evenly servers are used: each a mark between the least and the most, with mean, spread and imbalance in figures.
import { html, useState } from "./vendor/preact.js";
import { duration, known, percent, rate, plural } from "./format.js";
import { Choice, Empty } from "./parts.js";
import { use_width } from "./size.js";

const measures = {
  busy: ["Busy", (s) => s.busy, percent],
  finish: ["Finish", (s) => s.finish_s, duration],
  rate: ["Rate", (s) => s.rate, rate],
  p95: ["p95", (s) => s.latency?.p95, duration],
};

function facts_of(values) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  const min = Math.min(...values);
  const max = Math.max(...values);
  return { min, max, mean, spread: max - min, cv: mean > 0 ? deviation / mean : 0 };
}

// Servers in buckets along the axis, stacked where they meet.
function dots_of(values, top, width) {
  const size = values.length > 400 ? 3 : values.length > 80 ? 6 : 11;
  const columns = Math.max(1, Math.floor(width / size));
  const filled = new Map();
  return { size, dots: values.map((v) => {
    const column = Math.min(columns - 1, Math.floor((v / top) * columns));
    const level = filled.get(column) || 0;
    filled.set(column, level + 1);
    return [column * size + size / 2, level];
  }), highest: Math.max(1, ...filled.values()) };
}

function Dots({ values, facts, say, top }) {
  const [box, width] = use_width();
  const height = values.length > 12 ? 110 : 56;
  const drawn = width > 20 ? dots_of(values, top, width) : null;
  const step = drawn ? Math.min(drawn.size, (height - 20) / drawn.highest) : 1;
  const mean = (facts.mean / top) * width;
  const side = mean > width * 0.75 ? "end" : "start";
  return html`<div class="dots" ref=${box}>${drawn && html`<svg width=${width} height=${height + 22} role="img"
    aria-label=${`from ${say(facts.min)} to ${say(facts.max)}, mean ${say(facts.mean)}`}>
    <path class="dots-axis" d=${`M0 ${height + 0.5}H${width}`} />
    ${drawn.dots.map(([x, level]) => html`<circle cx=${x} cy=${height - 3 - level * step - step / 2}
      r=${Math.max(1, drawn.size / 2 - 0.7)} />`)}
    <path class="dots-mean" d=${`M${mean} 4V${height}`} /><text class="dots-words" x=${mean + (side === "end" ? -5 : 5)} y="13"
      text-anchor=${side}>mean ${say(facts.mean)}</text>
    ${[0, 0.5, 1].map((at) => html`<text class="dots-words" x=${at * width} y=${height + 17}
      text-anchor=${at === 0 ? "start" : at === 1 ? "end" : "middle"}>${say(at * top)}</text>`)}</svg>`}</div>`;
}

export function Distribution({ servers }) {
  const [of, set_of] = useState("busy");
  const [words, value, say] = measures[of];
  const values = servers.map(value).filter(known);
  const facts = values.length ? facts_of(values) : null;
  const top = of === "busy" ? Math.max(1, facts?.max || 1) : (facts?.max || 1) * 1.02 || 1;
  return html`<${Choice} label="Measure" value=${of} options=${Object.entries(measures).map(([key, [name]]) => [key, name])}
    onChange=${set_of} />
    ${facts ? html`<${Dots} values=${values} facts=${facts} say=${say} top=${top} /><dl class="facts"><div><dt>least</dt><dd>
      ${say(facts.min)}</dd></div><div><dt>most</dt><dd>${say(facts.max)}</dd></div><div><dt>spread</dt><dd>${say(facts.spread)}
      </dd></div><div><dt>variation</dt><dd>${percent(facts.cv)}</dd></div><div><dt>counted</dt><dd>
      ${plural(values.length, "server")}</dd></div></dl>`
      : html`<${Empty}>No data on ${words.toLowerCase()} yet.<//>`}`;
}

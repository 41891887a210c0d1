// Servers that are started and ended as the work needs them: how many of each type, why, and what was decided last.
import { html } from "./vendor/preact.js";
import { known, list, moment, percent, whole } from "./format.js";
import { Bar, Empty, Panel, Table } from "./parts.js";

const Count = ({ of, tone }) => html`<td class=${`n${of > 0 && tone ? ` tone-${tone}` : ""}`}>${whole(of)}</td>`;

const Types = ({ types }) => html`<${Table} caption="Servers by type"
  head=${["Type", ["Wanted", "n"], ["Running", "n"], ["Starting", "n"], ["Draining", "n"], ["Given up", "n"], ["From .. to", "n"],
    ["Started", "n rank-2"], ["Died", "n rank-2"]]}>
  ${types.map((t) => html`<tr key=${t.type}><th scope="row">${t.type}</th><td class="n"><b>${whole(t.wanted)}</b></td>
    <${Count} of=${t.running} /><${Count} of=${t.starting} tone="calm" /><${Count} of=${t.leaving} tone="warn" /><${Count}
      of=${t.given_up} tone="bad" /><td class="n">${whole(t.min)} .. ${whole(t.max)}</td><td class="n rank-2">${whole(t.starts)}</td>
    <td class="n rank-2">${whole(t.deaths)}</td></tr>`)}<//>`;

const strain_words = (strain) => (known(strain) ? `at ${percent(strain)}` : "nobody could do what came");

const Changes = ({ changes }) => html`<h3>Last decisions</h3>${changes.length ? html`<ul class="scale-changes">${changes.map((c) => html`<li
  key=${`${c.time}${c.servers}`}><time>${moment(c.time)}</time><span class=${`move-${c.move}`}><span aria-hidden="true">${c.move === "up"
    ? "▲" : "▼"}</span>${c.move === "up" ? " more" : " fewer"}</span><span><b>${c.servers}</b>, ${strain_words(c.strain)}
    ${c.rehearsed && html` <span class="tag quiet">rehearsed</span>`}</span></li>`)}</ul>`
  : html`<${Empty}>Nothing has been decided since the control process started.<//>`}`;

// `scale` as the snapshot tells of a pool; nothing is shown of one that is not scaled.
export function Scaling({ scale }) {
  if (!scale?.by) return null;
  const note = scale.rehearse ? "A rehearsal: it is said what would be done, and nothing is" : `By ${scale.by}`;
  return html`<${Panel} title="Scaling" note=${note}>
    <div class="scale-strain"><${Bar} share=${scale.strain} label="strain" tone=${scale.strain > scale.up_over ? "warn" : null} />
      <p>${scale.why}</p></div>
    <${Types} types=${list(scale.types)} /><${Changes} changes=${list(scale.changes)} /><//>`;
}

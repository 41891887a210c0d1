// All servers in a table that sorts, filters and stays quick with thousands; one of them in detail.
import { html, useRef, useState } from "./vendor/preact.js";
import { ask_drain, ask_undrain, why_not } from "./actions.js";
import { AddServer } from "./add_server.js";
import { list, state_tally, whole } from "./format.js";
import { Empty, Panel } from "./parts.js";
import { choose, use_route } from "./route.js";
import { ServerDetails } from "./server_details.js";
import { columns, filtered, sorted, with_peers } from "./server_columns.js";
import { use_store } from "./store.js";

const row_height = 36;
const rows_shown = 16; // of the table's window, when there are more

function Head({ order }) {
  const sort = (key) => choose({ sort: order === key ? `-${key}` : key }, true);
  return html`<thead><tr>${columns.map((c) => {
    const up = order === c.key;
    const down = order === `-${c.key}`;
    return html`<th scope="col" class=${`rank-${c.rank}${c.numeric ? " n" : ""}`}
      aria-sort=${up ? "ascending" : down ? "descending" : "none"}>
      <button class="sort" onClick=${() => sort(c.key)}>${c.label}<span aria-hidden="true">${up ? " ▲" : down ? " ▼" : ""}</span>
        </button></th>`;
  })}<th scope="col" class="rank-2"><span class="sr">Change</span></th></tr></thead>`;
}

const Drain = ({ server }) =>
  server.admin === "drain"
    ? html`<button title=${why_not()} onClick=${() => ask_undrain(server)}>Undrain<span class="sr"> ${server.name}</span></button>`
    : html`<button title=${why_not()} onClick=${() => ask_drain(server)}>Drain<span class="sr"> ${server.name}</span></button>`;

const Row = ({ server, chosen }) => html`<tr class=${chosen ? "chosen" : ""}>${columns.map((c) =>
  c.key === "name" ? html`<th scope="row" class="rank-1">${c.show(server)}</th>` : html`<td class=${`rank-${c.rank}
    ${c.numeric ? " n" : ""}`}>${c.show(server)}</td>`)}
  <td class="act rank-2"><${Drain} server=${server} /></td></tr>`;

const Space = ({ rows }) => (rows > 0 ? html`<tr class="space" aria-hidden="true"><td colspan=${columns.length + 1}
  style=${{ height: `${rows * row_height}px` }}></td></tr>` : null);

// Only the rows in sight are there; those above and below are space.
function ServerTable({ servers, order, chosen }) {
  const [top, set_top] = useState(0);
  const box = useRef(null);
  const windowed = servers.length > 60;
  const first = windowed ? Math.max(0, Math.min(servers.length - rows_shown, Math.floor(top / row_height) - 4)) : 0;
  const last = windowed ? Math.min(servers.length, first + rows_shown + 10) : servers.length;
  return html`<div class=${`scroll servers${windowed ? " windowed" : ""}`} ref=${box} tabindex="0" role="group"
    aria-label="Table of servers" onScroll=${(e) => windowed && set_top(e.currentTarget.scrollTop)}>
    <table aria-rowcount=${servers.length + 1}><caption class="sr">Servers</caption><${Head} order=${order} /><tbody><${Space}
      rows=${first} />
      ${servers.slice(first, last).map((s) => html`<${Row} key=${s.name} server=${s} chosen=${s.name === chosen} />`)}
      <${Space} rows=${servers.length - last} /></tbody></table></div>`;
}

function Filter({ value }) {
  const write = (event) => choose({ filter: event.target.value || null }, true);
  return html`<label class="filter"><span class="sr">Filter servers</span><input type="search" data-filter
    placeholder="filter, as in  state:down video" value=${value} onInput=${write} spellcheck="false" autocomplete="off" /><kbd
    aria-hidden="true">/</kbd></label>`;
}

export function ServersView() {
  const { live } = use_store();
  const { params } = use_route();
  const all = with_peers(list(live.servers));
  const filter = params.filter || "";
  const shown = filtered(all, filter);
  const server = all.find((s) => s.name === params.server);
  const order = params.sort || "name";
  const note = shown.length === all.length ? state_tally(all) : `${whole(shown.length)} of ${whole(all.length)}: ${state_tally(shown)}`;
  return html`${params.server && html`<${ServerDetails} key=${params.server} name=${params.server} server=${server} />`}
    <${Panel} title="Servers" note=${note} tools=${html`<${Filter} value=${filter} />`}>
    ${shown.length ? html`<${ServerTable} servers=${sorted(shown, order)} order=${order} chosen=${params.server} />`
      : html`<${Empty}>${all.length ? `No server matches "${filter}".` : "No server is configured."}<//>`}
    <${AddServer} live=${live} /><//>`;
}

// The finish lines alone, as large as there is room.
import { html } from "./vendor/preact.js";
import { Decisions } from "./decisions.js";
import { FinishLines } from "./finish_lines.js";
import { list } from "./format.js";
import { Choice, Panel } from "./parts.js";
import { choose, use_route } from "./route.js";
import { use_store } from "./store.js";

export function FinishView() {
  const { live } = use_store();
  const { params } = use_route();
  const pools = list(live.pools).map((p) => p.name);
  const pool = pools.includes(params.pool) ? params.pool : null;
  const asked = pool || list(live.pools).find((p) => p.kind !== "streams")?.name;
  const tools = html`${pools.length > 1 && html`<${Choice} label="Pool" value=${pool}
    options=${[[null, "All pools"], ...pools.map((p) => [p, p])]} onChange=${(p) => choose({ pool: p })} />`}
    <${Choice} label="Order" value=${params.order || "file"}
      options=${[["file", "As configured"], ["finish", "Last to finish first"]]}
      onChange=${(o) => choose({ order: o === "file" ? null : o })} />`;
  return html`<${Panel} title="Finish lines"
    note="Each bar is what a server owes, from now until it is done. Even ends are good: nobody waits for the slowest."
    tools=${tools}>
    <${FinishLines} live=${live} pool=${pool} sorted=${params.order === "finish"} roomy /><//>
    ${asked && html`<${Panel} title="Why there" note=${`The last decisions of ${asked}, with what else was possible`}><${Decisions}
      key=${asked} pool=${asked} /><//>`}`;
}

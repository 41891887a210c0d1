// A form for a server that is to be added while the proxy runs.
import { html } from "./vendor/preact.js";
import { ask_add_server } from "./actions.js";
import { list } from "./format.js";

const Field = ({ label, name, value, help }) => html`<label>${label} <input name=${name} required defaultValue=${value || ""}
  placeholder=${help} spellcheck="false" autocomplete="off" /></label>`;

const Pick = ({ label, name, options }) => html`<label>${label} <select name=${name} required>${options.map((o) => html`<option
  value=${o}>${o}</option>`)}</select></label>`;

export function AddServer({ live }) {
  const pools = list(live.pools).map((p) => p.name);
  const types = [...new Set([...list(live.pools).flatMap((p) => list(p.costs).map((c) => c.server_type)),
    ...list(live.servers).map((s) => s.type)])].filter(Boolean);
  const submit = (event) => {
    event.preventDefault();
    const form = event.target;
    const server = Object.fromEntries(new FormData(form));
    if (list(live.pools).find((p) => p.name === server.pool)?.kind === "streams") delete server.type;
    ask_add_server(server, () => form.reset());
  };
  return html`<details class="add-server"><summary>Add a server</summary><form class="weight" onSubmit=${submit}>
    <${Field} label="Name" name="name" help="video-9" /><${Field} label="Address" name="address" help="10.0.0.9:9001" />
    <${Pick} label="Pool" name="pool" options=${pools} /><${Pick} label="Type" name="type" options=${types} />
    <button class="primary">Add</button></form></details>`;
}

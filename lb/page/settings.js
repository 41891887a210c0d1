// Who is looking, how it looks, and the configuration.
import { html } from "./vendor/preact.js";
import { ask_reload } from "./actions.js";
import { sign_out } from "./api.js";
import { show_keys, SignIn } from "./dialog.js";
import { age } from "./format.js";
import { Choice, Panel } from "./parts.js";
import { notify, use_store } from "./store.js";
import { set_theme } from "./theme.js";

const role_words = { viewer: "may look", operator: "may drain servers, switch policies and answer alerts", admin: "may do everything" };

async function leave() {
  try {
    await sign_out();
    notify("Signed out");
  } catch (error) {
    notify(error.message, "failed");
  }
}

function Who({ me }) {
  if (!me.role) return html`<p>Nobody is signed in.</p><${SignIn} />${me.changes_off && html`<p class="quiet">${me.changes_off}
    </p>`}`;
  return html`<p><b>${me.name || me.role}</b>, ${me.role}: ${role_words[me.role] || "may look"}.</p>
    ${!me.can_change && html`<p class="quiet">${me.changes_off || "This role may not change anything."}</p>`}
    <div class="buttons left"><button onClick=${leave}>Sign out</button></div>${!me.can_change && html`<${SignIn} />`}`;
}

const About = ({ live }) => html`<dl class="facts"><div><dt>version</dt><dd>${live.version ?? "unknown"}</dd></div>
  <div><dt>revision</dt><dd>${live.revision ?? "unknown"}</dd></div><div><dt>running for</dt><dd>${age(live.uptime_s)}</dd></div>
  <div><dt>history</dt><dd>${live.history?.disk ? "on disk" : `${age(live.history?.memory_s)} in memory`}${live.history?.note
    ? `; ${live.history.note}` : ""}</dd></div></dl>`;

const refused_words = { no_token: "no token", wrong_token: "a wrong token", too_many_wrong: "too many wrong tokens", role: "the role",
  no_csrf: "a forged change", changes_off: "changes are off", wrong_host: "the wrong host", wrong_origin: "a foreign page",
  bad_request: "no HTTP", large_head: "too large a head", large_body: "too large a body", long_target: "too long a path",
  crowded: "too many connections", too_many_streams: "too many streams", silent: "silence", slow_request: "a slow request",
  slow_reader: "a slow reader", no_reply: "no reply in time" };

// Who is at this server, and who was turned away.
const Door = ({ admin }) => html`<p>${admin.streams ?? 0} ${admin.streams === 1 ? "page is" : "pages are"} open, and${" "}
  ${admin.connections ?? 0} further ${admin.connections === 1 ? "connection" : "connections"}.</p>
  ${admin.refused.length ? html`<dl class="facts">${admin.refused.map((it) => html`<div key=${it.reason}><dt>
    ${refused_words[it.reason] ?? it.reason}</dt><dd>${it.count}</dd></div>`)}</dl>` : html`<p class="quiet">Nobody was refused.</p>`}`;

export function SettingsView() {
  const { me, theme, live } = use_store();
  return html`<div class="pair panels"><${Panel} title="Sign in"><${Who} me=${me} /><//>
    <${Panel} title="Look"><${Choice} label="Theme" value=${theme}
      options=${[["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]]} onChange=${set_theme} />
      <p class="quiet">Pictures move only where the system allows motion. <button class="link-button"
        onClick=${show_keys}>Keys</button></p><//>
    <${Panel} title="Configuration"><p>The proxy reads its file again; a file with mistakes changes nothing.</p>
      <div class="buttons left"><button onClick=${ask_reload}>Reload</button></div><//>
    ${live && html`<${Panel} title="This proxy"><${About} live=${live} /><p class="quiet">The same figures: <a
      href="metrics">metrics</a>, <a href="stats">stats</a>, <a href="api/v1/live">JSON</a>.</p><//>
    <${Panel} title="Refused here" note="Requests and connections of this page's server, by reason"><${Door} admin=${live.admin} /><//>`}</div>`;
}

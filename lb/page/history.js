// What happened and who did it: events as they come, and the audit of all changes.
import { html, useEffect, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { moment, rows } from "./format.js";
import { Empty, Failed, Panel, Table } from "./parts.js";
import { use_resource } from "./resource.js";
import { proxy_now, state } from "./store.js";

const keep = 500;

// Events since the first call, the newest first; asks for what is new only.
function use_events() {
  const [shown, show] = useState({ events: [], error: null, loaded: false });
  useEffect(() => {
    let next = null;
    let over = false;
    const load = async () => {
      if (document.hidden) return;
      try {
        const reply = await get(`api/v1/events?after=${next ?? 0}`);
        if (over) return;
        next = reply.next ?? next;
        show((before) => {
          const seen = new Set(before.events.map((e) => e.id));
          const fresh = rows(reply.events).filter((e) => !seen.has(e.id)).reverse();
          return { events: [...fresh, ...before.events].slice(0, keep), error: null, loaded: true };
        });
      } catch (error) {
        if (!over) show((before) => ({ ...before, error, loaded: true }));
      }
    };
    load();
    const timer = setInterval(load, 3000);
    return () => ((over = true), clearInterval(timer));
  }, []);
  return shown;
}

function Events() {
  const { events, error, loaded } = use_events();
  const [filter, set_filter] = useState("");
  const words = filter.toLowerCase();
  const shown = events.filter((e) => `${e.kind} ${e.text}`.toLowerCase().includes(words)).slice(0, 200);
  return html`<label class="filter"><span class="sr">Filter events</span><input type="search" data-filter
    placeholder="filter events" value=${filter} onInput=${(e) => set_filter(e.target.value)} spellcheck="false" /><kbd
    aria-hidden="true">/</kbd></label>
    ${error && html`<${Failed} error=${error} what="Events" />`}
    ${shown.length ? html`<ol class="events" tabindex="0" aria-label="Events">${shown.map((e) => html`<li key=${e.id}><time>
      ${moment(e.time)}</time><span class="kind">${e.kind}</span><span>${e.text}</span></li>`)}</ol>` : html`<${Empty}>
      ${!loaded ? "Loading ..." : events.length ? "No event matches." : "Nothing has happened yet."}<//>`}`;
}

const most_letters = 160;

function say(value) {
  if (value === null || value === undefined) return "–";
  const words = typeof value === "object" ? JSON.stringify(value) : String(value);
  return words.length > most_letters ? `${words.slice(0, most_letters)}…` : words;
}

function Audit() {
  const { value, error, status } = use_resource("api/v1/audit", 10);
  const entries = rows(value && value.entries);
  if (error && !value) return html`<${Failed} error=${error} what="Audit" />`;
  if (!entries.length) return html`<${Empty}>${status === "loading" ? "Loading ..." : "Nobody has changed anything."}<//>`;
  return html`<${Table} caption="Audit" className="audit" head=${["When", "Who", "From", "What", "On", "Before", "After", "After a restart"]}>
    ${entries.slice(0, 200).map((e, at) => html`<tr key=${`${e.time}-${at}`}><td>${moment(e.time)}</td><td>${e.who || "–"}</td>
      <td><code>${e.from || "–"}</code></td><td>${e.action}</td><td>${e.subject}</td><td>${say(e.before)}</td><td><b>${say(e.after)}
        </b></td>
        <td>${e.survives ? "stays" : "forgotten"}</td></tr>`)}<//>`;
}

export function HistoryView() {
  const { history = {}, uptime_s: uptime, version, revision } = state.live;
  const since = moment(proxy_now() - (uptime || 0));
  const about = `version ${version ?? "unknown"}, revision ${revision ?? "unknown"}, running since ${since}`;
  const note = history.note ? `${about} · ${history.note}` : about;
  return html`<${Panel} title="Events" note=${note}><${Events} /><//>
    <${Panel} title="Audit" note="Every change: who, what, and whether it outlives a restart"><${Audit} /><//>`;
}

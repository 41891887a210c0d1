// The page: header, tabs and the view that the address names. Everything starts here.
import { html, render, useEffect, useErrorBoundary, useRef, useState } from "./vendor/preact.js";
import { load_me } from "./api.js";
import { Dialogs, Notices, show_keys } from "./dialog.js";
import { copy_link, start_keys } from "./keys.js";
import { age, clock, list, moment } from "./format.js";
import { learn_types } from "./palette.js";
import { href, use_route, views } from "./route.js";
import { connect, start } from "./stream.js";
import { subscribe, state, use_store } from "./store.js";
import { is_dark, next_theme, start_theme } from "./theme.js";
import { Overview } from "./overview.js";
import { FinishView } from "./finish_view.js";
import { TopologyView } from "./topology.js";
import { TrafficView } from "./traffic.js";
import { PoolsView } from "./pools.js";
import { ServersView } from "./servers.js";
import { AlertsView } from "./alerts.js";
import { HistoryView } from "./history.js";
import { ForecastView } from "./forecast.js";
import { SettingsView } from "./settings.js";

const parts = {
  overview: Overview,
  finish: FinishView,
  topology: TopologyView,
  traffic: TrafficView,
  pools: PoolsView,
  servers: ServersView,
  alerts: AlertsView,
  history: HistoryView,
  forecast: ForecastView,
  settings: SettingsView,
};

const Logo = () => html`<svg class="logo" viewBox="0 0 30 24" aria-hidden="true"><path d="M0 2h15v5H0z" fill="#56b4e9" /><path
  d="M0 9.5h18v5H0z" fill="#e69f00" /><path d="M0 17h16.5v5H0z" fill="#00b386" />
  <path class="logo-line" d="M22 0h3v24h-3z" /><path class="logo-line" d="M25 0h3v4h-3zm0 8h3v4h-3zm0 8h3v4h-3z" /></svg>`;

const link_shapes = { live: "M6 1a5 5 0 1 0 .01 0z", lost: "M1 3L3 1 6 4 9 1l2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3z", paused: "M2 1h3v10H2zM7 1h3v10H7z" };

function link_words({ link, last_at, live }) {
  if (link === "live") return live?.time ? `live ${clock(live.time)}` : "live";
  if (link === "paused") return `paused since ${clock(last_at)}`;
  if (link === "unauthorized") return "needs a token";
  return last_at ? "connection lost" : "connecting";
}

const Link = ({ store }) => html`<span class=${`link link-${store.link}`}><svg class="glyph" viewBox="0 0 12 12" aria-hidden="true">
  <path d=${link_shapes[store.link] || "M6 1L11.5 10.5H.5z"} /></svg>${link_words(store)}</span>`;

const sun = "M8 4.5a3.5 3.5 0 1 0 .01 0zM7.3 0h1.4v2.6H7.3zm0 13.4h1.4V16H7.3zM0 7.3h2.6v1.4H0zm13.4 0H16v1.4h-2.6z"
  + "M2.8 1.8l1.9 1.9-1 1-1.9-1.9zm9.5 9.5l1.9 1.9-1 1-1.9-1.9zM1.8 13.2l1.9-1.9 1 1-1.9 1.9zm9.5-9.5l1.9-1.9 1 1-1.9 1.9z";
const moon = "M6 1a7 7 0 1 0 9 9A6 6 0 0 1 6 1z";

const Sun = () => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${is_dark() ? sun : moon} /></svg>`;

const Tools = () => html`<div class="top-tools">
  <button class="plain" onClick=${copy_link} title="Copy a link to what is shown (l)"><svg class="icon" viewBox="0 0 16 16"
    aria-hidden="true"><path d="M6.5 9.5l3-3M7 4.5L9 2.5a3.2 3.2 0 0 1 4.5 4.5l-2 2M9 11.5l-2 2A3.2 3.2 0 0 1 2.500 9l2-2"
    fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" /></svg><span
    class="sr">Copy a link to what is shown</span></button>
  <button class="plain" onClick=${next_theme} title="Light or dark (t)"><${Sun} /><span class="sr">Light or dark</span></button>
  <button class="plain" onClick=${show_keys} title="Keys (?)"><b aria-hidden="true">?</b><span class="sr">Keys</span></button>
  <a class="who" href=${href("settings")}>${state.me.role ? state.me.name || state.me.role : "Sign in"}</a>
</div>`;

const Header = ({ store }) => html`<header class="top">
  <a class="brand" aria-label="Finishline, overview" href=${href("overview", { server: null })}><${Logo} /><span>Finishline</span>
    </a>
  <${Link} store=${store} /><${Tools} />
</header>`;

function move_tab(event) {
  const tabs = [...event.currentTarget.querySelectorAll("[role=tab]")];
  const at = tabs.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined || at < 0) return;
  event.preventDefault();
  tabs[(to + tabs.length) % tabs.length].focus();
}

function Tabs({ view, open_alerts }) {
  const ref = useRef(null);
  useEffect(() => {
    const tab = ref.current.querySelector("[aria-selected=true]");
    ref.current.scrollTo({ left: tab.offsetLeft - 60 });
  }, [view]);
  return html`<nav class="tabs" aria-label="Views"><div role="tablist" ref=${ref} onKeyDown=${move_tab}>
    ${views.map(([name, words]) => html`<a role="tab" id=${`tab-${name}`} aria-selected=${view === name} aria-controls="view"
      tabindex=${view === name ? 0 : -1}
      href=${href(name, { server: null })} onKeyDown=${(e) => e.key === " " && (e.preventDefault(), e.target.click())}>${words}
        ${name === "alerts" && open_alerts > 0 ? html` <span class="count">${open_alerts}</span>` : null}</a>`)}
  </div></nav>`;
}

function last_words({ last_at, live }) {
  if (!last_at) return "Nothing has been seen yet.";
  return `The last data are from ${moment(live?.time ?? last_at)}, ${age(Date.now() / 1000 - last_at)} ago.`;
}

function Banner({ store }) {
  if (store.link === "live" || store.link === "connecting") return null;
  if (store.link === "paused") return null;
  const since = last_words(store);
  if (store.link === "unauthorized")
    return html`<p class="banner" role="alert"><span>The proxy wants to know who is looking:
      ${" "}<a href=${href("settings")}>sign in with a token</a>. ${since}</span></p>`;
  const wait = Math.max(0, Math.round((store.retry_at || 0) - Date.now() / 1000));
  return html`<div class="banner" role="alert"><span>Not connected: ${store.lost_why}. ${since}</span>
    <span aria-hidden="true">${wait ? `Next attempt in ${wait} s.` : "Trying again ..."}</span><button
      onClick=${connect}>Try now</button></div>`;
}

// Reads out the sentence and new alerts, but not every second.
function Spoken() {
  const [words, say] = useState("");
  useEffect(() => {
    let said = 0;
    let before = new Set();
    return subscribe(() => {
      const alerts = list(state.live?.alerts).filter((a) => a.state === "firing");
      const fresh = alerts.filter((a) => !before.has(a.id));
      before = new Set(alerts.map((a) => a.id));
      const now = Date.now();
      if (!fresh.length && now - said < 60000) return;
      if (!state.live) return;
      said = now;
      say([...fresh.map((a) => `Alert: ${a.reason || a.id}.`), state.live.sentence].join(" "));
    });
  }, []);
  return html`<p class="sr" aria-live="polite">${words}</p>`;
}

function View({ name }) {
  const [error, forget] = useErrorBoundary();
  useEffect(() => error && forget(), [name]);
  if (error) return html`<div class="panel"><h2>This view could not be drawn</h2><p>${String(error.message || error)}</p>
    <p>The other views go on. <button onClick=${forget}>Draw it again</button></p></div>`;
  return html`<${parts[name]} />`;
}

const boot_words = { unauthorized: "Sign in to see the proxy.", lost: "The proxy does not answer yet." };

const Boot = ({ store }) => html`<p class="boot" role="status">${boot_words[store.link] || "Asking the proxy for its state ..."}</p>`;

function App() {
  const store = use_store();
  const { view } = use_route();
  useEffect(() => {
    document.title = `${views.find(([name]) => name === view)[1]} · Finishline`;
  }, [view]);
  const alerts = list(store.live?.alerts).filter((a) => a.state === "firing").length;
  return html`<${Header} store=${store} /><${Tabs} view=${view} open_alerts=${alerts} /><${Banner} store=${store} />
    <main class=${store.link === "lost" ? "stale" : ""}><h1 class="sr">${views.find(([name]) => name === view)[1]}</h1><div id="view" role="tabpanel"
      aria-labelledby=${`tab-${view}`} tabindex="-1">
      ${store.live || view === "settings" ? html`<${View} name=${view} key=${view} />` : html`<${Boot} store=${store} />`}</div>
        </main>
    <${Spoken} /><${Dialogs} /><${Notices} />`;
}

subscribe(() => {
  learn_types(list(state.live?.types).map((t) => t.name));
  for (const pool of list(state.live?.pools)) learn_types(list(pool.costs).map((c) => c.type));
});
start_theme();
start_keys();
const root = document.getElementById("app");
root.textContent = "";
render(html`<${App} />`, root);
load_me();
start();

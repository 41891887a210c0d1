// What is looked at stands in the address: #/servers?range=1h&server=video-1. So a link shares it.
import { useEffect, useReducer } from "./vendor/preact.js";

export const views = [
  ["overview", "Overview"],
  ["finish", "Finish lines"],
  ["topology", "Topology"],
  ["traffic", "Traffic"],
  ["pools", "Pools"],
  ["servers", "Servers"],
  ["alerts", "Alerts"],
  ["history", "History"],
  ["forecast", "Forecast"],
  ["settings", "Settings"],
];

function read() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const view = views.some(([name]) => name === path) ? path : "overview";
  return { view, params: Object.fromEntries(new URLSearchParams(query || "")) };
}

export let route = read();
const listeners = new Set();

addEventListener("hashchange", () => {
  route = read();
  for (const listener of [...listeners]) listener();
});

// The address of `view` with `patch` over what is chosen now; null takes a choice away.
export function href(view, patch = {}) {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...route.params, ...patch }))
    if (value !== null && value !== undefined && value !== "") params.set(key, value);
  const query = params.toString();
  return `#/${view}${query ? `?${query}` : ""}`;
}

export function go(view, patch) {
  location.hash = href(view, patch);
}

// The same view with other choices. Steps of typing do not fill the browser's history.
export function choose(patch, silently = false) {
  const to = href(route.view, patch);
  if (!silently) location.hash = to;
  else {
    history.replaceState(null, "", to);
    dispatchEvent(new Event("hashchange"));
  }
}

export function use_route() {
  const [, again] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    listeners.add(again);
    return () => listeners.delete(again);
  }, []);
  return route;
}

// What the page knows, in one object, and who wants to hear of changes.
import { useEffect, useReducer } from "./vendor/preact.js";

export const state = {
  live: null, // the newest snapshot
  link: "connecting", // connecting | live | lost | paused | unauthorized
  last_at: null, // when the newest snapshot came, in seconds of this machine's clock
  retry_at: null, // when the next attempt is made
  lost_why: "",
  marks: [], // marks that came by the stream, oldest first
  me: { role: null, name: "", csrf: null, can_change: false, changes_off: null },
  notices: [], // short messages on how an action ended
  dialog: null, // a question that is to be answered first
  asks_token: false,
  theme: "auto",
};

const listeners = new Set();

// Puts `patch` over the state and tells everybody.
export function set(patch) {
  Object.assign(state, patch);
  for (const listener of [...listeners]) listener();
}

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Renders the calling component again at each change of the state, and returns the state.
export function use_store() {
  const [, again] = useReducer((n) => n + 1, 0);
  useEffect(() => subscribe(again), []);
  return state;
}

let next_notice = 1;

// Shows `text` for some seconds. `kind` is done or failed; those that failed stay longer.
export function notify(text, kind = "done") {
  const notice = { id: next_notice++, text, kind };
  set({ notices: [...state.notices.slice(-3), notice] });
  setTimeout(() => dismiss(notice.id), kind === "failed" ? 15000 : 7000);
}

export function dismiss(id) {
  set({ notices: state.notices.filter((notice) => notice.id !== id) });
}

export function read_setting(name, otherwise) {
  try {
    return localStorage.getItem(`finishline.${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function write_setting(name, value) {
  try {
    localStorage.setItem(`finishline.${name}`, value);
  } catch {
    // a browser that keeps nothing forgets the setting with the page
  }
}

// The proxy's clock in seconds, as far as the newest snapshot tells.
export function proxy_now() {
  const here = Date.now() / 1000;
  return state.live && state.last_at ? state.live.time + (here - state.last_at) : here;
}

// Requests to the proxy's API. Errors come as ApiError, whose message is fit to be shown.
import { set, state } from "./store.js";

class ApiError extends Error {
  constructor(status, code, message, pointer) {
    super(message);
    this.status = status;
    this.code = code;
    this.pointer = pointer || null;
  }
}

async function error_of(reply) {
  let told = null;
  try {
    told = (await reply.json()).error;
  } catch {
    // not one of the API's own errors
  }
  const message = (told && told.message) || `the proxy answered ${reply.status} ${reply.statusText}`.trim();
  return new ApiError(reply.status, (told && told.code) || "internal", message, told && told.pointer);
}

async function ask(method, path, { body, signal, headers }) {
  const all = { Accept: "application/json", ...headers };
  if (method !== "GET" && state.me.csrf) all["X-CSRF-Token"] = state.me.csrf;
  try {
    return await fetch(path, { method, headers: all, body, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "the proxy cannot be reached");
  }
}

// Whether the proxy gives another word against forgery now than the page has, as after a restart.
async function has_new_csrf() {
  const before = state.me.csrf;
  await load_me();
  return state.me.csrf !== before;
}

async function send(method, path, options = {}) {
  let reply = await ask(method, path, options);
  if (reply.status === 403 && method !== "GET" && (await has_new_csrf())) reply = await ask(method, path, options);
  if (!reply.ok) {
    if (reply.status === 401 && path !== "api/v1/session")
      set({ me: { ...state.me, role: null, can_change: false }, asks_token: true });
    throw await error_of(reply);
  }
  const text = await reply.text();
  return text ? JSON.parse(text) : {};
}

export const get = (path, signal) => send("GET", path, { signal });

export const change = (method, path, body = {}) =>
  send(method, path, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });

export const upload = (path, text) => send("POST", path, { body: text, headers: { "Content-Type": "text/csv" } });

// Who this browser is to the proxy; kept in the state.
export async function load_me() {
  try {
    set({ me: { ...state.me, ...(await get("api/v1/me")) } });
  } catch (error) {
    if (error.status !== 401 && error.status !== 0) set({ me: { ...state.me, changes_off: error.message } });
  }
}

export async function sign_in(token) {
  const me = await change("POST", "api/v1/session", { token });
  set({ me: { ...state.me, ...me }, asks_token: false });
  return me;
}

export async function sign_out() {
  await change("DELETE", "api/v1/session");
  await load_me();
}

export const path_of = (...parts) => `api/v1/${parts.map(encodeURIComponent).join("/")}`;

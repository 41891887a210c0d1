// The one event stream of the page: closed while nobody looks, tried again when it is lost; then what has
// happened meanwhile comes first.
import { get } from "./api.js";
import { snapshot_of } from "./snapshot.js";
import { set, state } from "./store.js";

const silence = 12; // seconds without a snapshot after which the stream counts as lost
const pauses = [1, 2, 4, 8, 10]; // seconds between attempts

let source = null;
let attempt = 0;
let timer = null;
let last_id = ""; // of the last event, by which the next stream tells what was missed between

const seconds = () => Date.now() / 1000;

function take(live) {
  if (!live || typeof live !== "object") return;
  set({ live: snapshot_of(live), link: "live", last_at: seconds(), retry_at: null, lost_why: "" });
}

// A snapshot by the stream: it works, so the next attempts begin quickly again.
function hear(live) {
  attempt = 0;
  take(live);
}

function take_mark(mark) {
  if (!mark || typeof mark.time !== "number") return;
  set({ marks: [...state.marks.slice(-499), mark] });
}

function parsed(event, then) {
  try {
    last_id = event.lastEventId || last_id;
    then(JSON.parse(event.data));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // half an event is no reason to stop
  }
}

function close() {
  clearTimeout(timer);
  if (source) source.close();
  source = null;
}

function open() {
  close();
  const mine = new EventSource(last_id ? `api/v1/stream?after=${encodeURIComponent(last_id)}` : "api/v1/stream");
  source = mine;
  mine.addEventListener("live", (event) => parsed(event, hear));
  mine.addEventListener("mark", (event) => parsed(event, take_mark));
  mine.onerror = () => mine === source && lose("the connection to the proxy is lost");
}

function lose(why) {
  close();
  const pause = pauses[Math.min(attempt++, pauses.length - 1)];
  set({ link: "lost", lost_why: why, retry_at: seconds() + pause });
  timer = setTimeout(connect, pause * 1000);
}

// Asks once what is, which also tells why a stream cannot be had, and then opens the stream.
export async function connect() {
  close();
  try {
    take(await get("api/v1/live"));
    if (!document.hidden) open();
  } catch (error) {
    if (error.status === 401) set({ link: "unauthorized", asks_token: true });
    else lose(error.message);
  }
}

function look_away() {
  if (!document.hidden) return connect();
  close();
  if (state.link !== "unauthorized") set({ link: "paused" });
}

// Starts the stream. Called once.
export function start() {
  document.addEventListener("visibilitychange", look_away);
  setInterval(() => {
    if (source && state.link === "live" && seconds() - state.last_at > silence) lose("the proxy has gone silent");
    else if (state.link === "lost") set({}); // the words count the seconds
  }, 1000);
  connect();
}

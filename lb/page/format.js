// How numbers, times and states are put into words. What is not known is "no data", never NaN.

export const NO_DATA = "no data";

export const known = (value) => typeof value === "number" && Number.isFinite(value);

// Three significant digits, without exponents.
function digits(value) {
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(size >= 10 ? 1 : size >= 0.095 ? 2 : 3);
}

export const number = (value) => (known(value) ? digits(value) : NO_DATA);

export const whole = (value) => (known(value) ? Math.round(value).toLocaleString("en-US") : NO_DATA);

export function rate(value) {
  if (!known(value)) return NO_DATA;
  if (value >= 10000) return `${digits(value / 1000)} k/s`;
  return `${digits(value)}/s`;
}

const spans = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"]];

// A duration in seconds with its best unit: 0.0042 is "4.20 ms".
export function duration(seconds) {
  if (!known(seconds)) return NO_DATA;
  if (seconds === 0) return "0 s";
  const [size, unit] = spans.find(([s]) => Math.abs(seconds) >= s * 0.9995) || spans[spans.length - 1];
  return `${digits(seconds / size)} ${unit}`;
}

// A long duration in two units: "3 d 4 h".
export function age(seconds) {
  if (!known(seconds)) return NO_DATA;
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const at = spans.findIndex(([s]) => seconds >= s);
  const [size, unit] = spans[at];
  const [small, small_unit] = spans[at + 1];
  const rest = Math.floor((seconds % size) / small);
  return `${Math.floor(seconds / size)} ${unit}${rest && at < 3 ? ` ${rest} ${small_unit}` : ""}`;
}

export const percent = (share) => {
  if (!known(share)) return NO_DATA;
  const value = share * 100;
  return `${value !== 0 && Math.abs(value) < 10 ? value.toFixed(1) : Math.round(value)} %`;
};

export const ratio = (value) => (known(value) ? `${value.toFixed(value < 10 ? 2 : 1)} x` : NO_DATA);

export function bytes(value) {
  if (!known(value)) return NO_DATA;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  return `${digits(value)} ${units[at]}`;
}

const two = (n) => String(n).padStart(2, "0");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function clock(time) {
  if (!known(time)) return NO_DATA;
  const date = new Date(time * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function day(time) {
  const date = new Date(time * 1000);
  return `${date.getDate()} ${months[date.getMonth()]}`;
}

// The clock today, with the date on other days.
export function moment(time) {
  if (!known(time)) return NO_DATA;
  const date = new Date(time * 1000);
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return clock(time);
  const year = date.getFullYear() === now.getFullYear() ? "" : ` ${date.getFullYear()}`;
  return `${day(time)}${year}, ${clock(time)}`;
}

// The label of a tick on a time axis whose ticks are `step` seconds apart.
export function axis_time(time, step) {
  const date = new Date(time * 1000);
  if (step >= 28 * 86400) return `${months[date.getMonth()]} ${date.getFullYear()}`;
  const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (step >= 86400 || midnight) return day(time);
  if (step >= 60) return `${two(date.getHours())}:${two(date.getMinutes())}`;
  return clock(time);
}

// The formatter that belongs to a unit of the API.
export function of_unit(unit) {
  if (unit === "s") return duration;
  if (unit === "1/s") return rate;
  if (unit === "share" || unit === "%") return percent;
  if (unit === "x" || unit === "ratio") return ratio;
  if (unit === "bytes" || unit === "B") return bytes;
  return number;
}

// A name in so many letters at most: what is left out is in its middle, because names differ at their ends.
export function shortened(name, room) {
  const words = String(name);
  const most = Math.max(4, Math.floor(room));
  if (words.length <= most) return words;
  const end = Math.ceil((most - 1) * 0.6);
  return `${words.slice(0, most - 1 - end)}…${words.slice(-end)}`;
}

export function plural(count, one, many = `${one}s`) {
  return known(count) ? `${whole(count)} ${count === 1 ? one : many}` : `${many}: ${NO_DATA}`;
}

export const list = (value) => (Array.isArray(value) ? value : []);

// The objects in a list; whatever else is in it is left out.
export const rows = (value) => list(value).filter((row) => typeof row === "object" && row !== null);

// "12 up, 1 down" of servers or anything else with a state.
export function state_tally(parts) {
  const counts = new Map();
  for (const { state } of parts) counts.set(state, (counts.get(state) || 0) + 1);
  return [...counts].map(([state, count]) => `${whole(count)} ${String(state).replace("_", " ")}`).join(", ");
}

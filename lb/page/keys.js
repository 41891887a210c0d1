// What single keys do, unless somebody is typing.
import { choose, go, route, views } from "./route.js";
import { ranges } from "./range.js";
import { show_keys } from "./dialog.js";
import { notify } from "./store.js";
import { next_theme } from "./theme.js";

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

export async function copy_link() {
  try {
    await navigator.clipboard.writeText(location.href);
    notify("The link is copied: it leads to this view, range and selection");
  } catch {
    notify(`The link is ${location.href}`);
  }
}

function step_range(by) {
  const at = Math.max(0, ranges.findIndex(([key]) => key === (route.params.range || "live")));
  const next = ranges[Math.max(0, Math.min(ranges.length - 1, at + by))][0];
  choose({ range: next === "live" ? null : next, from: null, to: null });
}

function find_filter(event) {
  const field = document.querySelector("[data-filter]");
  if (field) event.preventDefault(), field.focus(), field.select();
  else go("servers"), setTimeout(() => document.querySelector("[data-filter]")?.focus(), 50);
}

const deeds = {
  "/": find_filter,
  "?": show_keys,
  t: next_theme,
  l: copy_link,
  "[": () => step_range(-1),
  "]": () => step_range(1),
};

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) return event.key === "Escape" && event.target.blur();
  if (deeds[event.key]) return deeds[event.key](event);
  if (event.key === "Escape" && route.params.server) return choose({ server: null });
  if (/^[0-9]$/.test(event.key)) return go(views[(Number(event.key) + 9) % 10][0]);
}

export const start_keys = () => addEventListener("keydown", press);

// Light, dark, or as the system says; and the colours that canvases need.
import { read_setting, set, state, write_setting } from "./store.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const reduced = matchMedia("(prefers-reduced-motion: reduce)");
let cache = new Map();

const themes = ["auto", "light", "dark"];

export const is_dark = () => state.theme === "dark" || (state.theme === "auto" && dark.matches);

export const moves = () => !reduced.matches;

function apply() {
  cache = new Map();
  document.documentElement.dataset.theme = is_dark() ? "dark" : "light";
}

export function set_theme(theme) {
  write_setting("theme", theme);
  state.theme = theme;
  apply();
  set({ theme });
}

export function next_theme() {
  set_theme(is_dark() ? "light" : "dark");
}

// The value of a colour variable of the style sheet, such as --ink.
export function css(name) {
  if (!cache.has(name)) cache.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return cache.get(name);
}

export function start_theme() {
  const kept = read_setting("theme", "auto");
  state.theme = themes.includes(kept) ? kept : "auto";
  apply();
  dark.addEventListener("change", () => (apply(), set({})));
}

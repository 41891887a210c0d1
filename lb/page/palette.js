// Colours and shapes. A type has a colour and a pattern, a state has a colour and a shape: neither rests on colour alone.
import { html } from "./vendor/preact.js";

// Okabe and Ito's set, tuned so that each stands out from both grounds.
const colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900", "#7f6fc9"];
const patterns = ["plain", "rising", "dots", "falling", "bars", "grid", "lines", "rings"];
const order = new Map(); // type name: its place, first seen first

export function learn_types(names) {
  for (const name of names) if (!order.has(name)) order.set(name, order.size);
}

const place = (name) => {
  learn_types([name]);
  return order.get(name);
};

export const colour_of = (type) => (type ? colours[place(type) % colours.length] : "#7a8694");

const pattern_of = (type) => (type ? patterns[place(type) % patterns.length] : "plain");

// Black or white, whichever can be read on `colour`.
export function ink_on(colour) {
  const channel = (at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const light = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return light > 0.179 ? "#000000" : "#ffffff";
}

const strokes = {
  rising: "M-2 8L8 -2M0 10L10 0M-4 6L6 -4",
  falling: "M-2 0L8 10M0 -2L10 8",
  bars: "M2 0V8",
  lines: "M0 2H8",
  grid: "M2 0V8M0 2H8",
};

// A small tile of the type's pattern over its colour, for a canvas.
function tile(type) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 8;
  const pen = canvas.getContext("2d");
  pen.fillStyle = colour_of(type);
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = pen.fillStyle = ink_on(colour_of(type)) === "#000000" ? "rgba(0,0,0,.32)" : "rgba(255,255,255,.36)";
  pen.lineWidth = 1.4;
  const pattern = pattern_of(type);
  if (strokes[pattern]) pen.stroke(new Path2D(strokes[pattern]));
  if (pattern === "dots") pen.fillRect(1, 1, 2, 2), pen.fillRect(5, 5, 2, 2);
  if (pattern === "rings") pen.strokeRect(2, 2, 4, 4);
  return canvas;
}

const tiles = new Map();

// What fills a type's bars in `pen`.
export function fill_of(pen, type) {
  if (!tiles.has(type)) tiles.set(type, tile(type));
  return pen.createPattern(tiles.get(type), "repeat");
}

export function TypeSwatch({ type }) {
  const pattern = pattern_of(type);
  const over = ink_on(colour_of(type)) === "#000000" ? "rgba(0,0,0,.4)" : "rgba(255,255,255,.5)";
  return html`<svg class="swatch" viewBox="0 0 8 8" aria-hidden="true">
    <rect width="8" height="8" fill=${colour_of(type)} />
    ${strokes[pattern] && html`<path d=${strokes[pattern]} stroke=${over} stroke-width="1.4" fill="none" />`}
    ${pattern === "dots" && html`<path d="M1 1h2v2H1zM5 5h2v2H5z" fill=${over} />`}
    ${pattern === "rings" && html`<rect x="2" y="2" width="4" height="4" stroke=${over} fill="none" />`}
  </svg>`;
}

export const TypeName = ({ type }) => html`<span class="type"><${TypeSwatch} type=${type} />${type || "unknown"}</span>`;

// state: [words, colour variable, shape in a box of 12]
export const states = {
  up: ["up", "--good", "M6 1a5 5 0 1 0 .01 0z"],
  slow_start: ["slow start", "--calm", "M6 1L11.5 10.5H.5z"],
  draining: ["draining", "--warn", "M6 11L.5 1.5H11.5z"],
  down: ["down", "--bad", "M1 3L3 1 6 4 9 1l2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3z"],
  ejected: ["ejected", "--bad", "M6 0L12 6 6 12 0 6z"],
  untried: ["untried", "--muted", "M6 1a5 5 0 1 0 .01 0zM6 3.2a2.8 2.8 0 1 1-.01 0z"],
  absent: ["absent", "--muted", "M1 4.8H11V7.2H1z"],
};

export const state_words = (name) => (states[name] ? states[name][0] : String(name || "unknown"));

export const state_shape = (name) => (states[name] || states.absent)[2];

export function State({ name, quiet }) {
  return html`<span class=${`state state-${states[name] ? name : "absent"}`}>
    <svg class="glyph" viewBox="0 0 12 12" aria-hidden="true"><path d=${state_shape(name)} fill-rule="evenodd" /></svg>
    <span class=${quiet ? "sr" : ""}>${state_words(name)}</span>
  </span>`;
}

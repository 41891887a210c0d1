// Small parts that many views share.
import { html } from "./vendor/preact.js";
import { known, NO_DATA, percent } from "./format.js";

export const Panel = ({ title, note, tools, children, id, wide }) => html`<section class=${`panel${wide ? " wide" : ""}`}
  aria-labelledby=${id || slug(title)}>
  <header><h2 id=${id || slug(title)}>${title}</h2>${note && html`<p class="note">${note}</p>`}${tools && html`<div class="tools">
    ${tools}</div>`}</header>
  ${children}
</section>`;

const slug = (title) => `h-${String(title).toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;

// A figure with its label. `tone` is good, warn or bad; `words` say what the colour says.
export const Tile = ({ label, value, words, tone, to }) => {
  const inside = html`<span class="tile-label">${label}</span><span class="tile-value">${value}</span>
    <span class="tile-words">${words || " "}</span>`;
  const look = `tile${tone ? ` tone-${tone}` : ""}${value === NO_DATA ? " empty" : ""}`;
  return to ? html`<a class=${look} href=${to}>${inside}</a>` : html`<div class=${look}>${inside}</div>`;
};

// A share between 0 and 1 as a bar with its figure.
export const Bar = ({ share, label, tone }) => html`<span class="bar-cell" title=${label}>
  <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-ground" width="100"
    height="8" />
    <rect class=${`bar-fill${tone ? ` tone-${tone}` : ""}`} width=${known(share) ? Math.max(0, Math.min(1, share)) * 100 : 0}
      height="8" /></svg>
  <span class="bar-words">${known(share) ? percent(share) : NO_DATA}</span></span>`;

export const Empty = ({ children }) => html`<p class="empty-words">${children}</p>`;

export const Failed = ({ error, what }) => html`<p class="failed" role="alert">${what ? `${what}: ` : ""}${error.message}</p>`;

// A choice of few as a row of buttons.
export const Choice = ({ label, value, options, onChange }) => html`<div class="choice" role="group" aria-label=${label}>
  ${options.map(([key, words]) => html`<button class="chip" aria-pressed=${value === key} onClick=${() => onChange(key)}>${words}
    </button>`)}</div>`;

export const Severity = ({ of }) => html`<span class=${`severity severity-${of === "critical" ? "critical" : "warning"}`}>
  <svg class="glyph" viewBox="0 0 12 12" aria-hidden="true"><path
    d=${of === "critical" ? "M4 0H8L12 4V8L8 12H4L0 8V4z" : "M6 0.5L12 11.5H0z"} /></svg>
    ${of === "critical" ? "critical" : "warning"}</span>`;

// A table whose head is read out; `wide` lets it scroll sideways on a narrow screen.
export const Table = ({ caption, head, children, className }) => html`<div class="scroll" tabindex="0" role="group"
  aria-label=${caption}><table class=${className || ""}>
  <caption class="sr">${caption}</caption>
  <thead><tr>${head.map((cell) => (Array.isArray(cell) ? html`<th scope="col" class=${cell[1]}>${cell[0]}</th>` : html`<th
    scope="col">${cell}</th>`))}</tr></thead>
  <tbody>${children}</tbody></table></div>`;

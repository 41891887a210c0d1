// Questions that come first: what a change will do, the token, the keys.
import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { sign_in } from "./api.js";
import { connect } from "./stream.js";
import { dismiss, notify, set, use_store } from "./store.js";

function Modal({ title, onClose, children }) {
  const ref = useRef(null);
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog.open) dialog.showModal();
    return () => dialog.open && dialog.close();
  }, []);
  const outside = (event) => event.target === ref.current && onClose();
  return html`<dialog ref=${ref} aria-labelledby="dialog-title" onCancel=${(e) => (e.preventDefault(), onClose())}
    onClick=${outside}>
    <div class="dialog-body"><h2 id="dialog-title">${title}</h2>${children}</div></dialog>`;
}

// Asks before a change. question: { title, says: [sentences], verb, danger, run: async () => words | nothing }
export const ask = (question) => set({ dialog: question });

function Question({ question }) {
  const [busy, set_busy] = useState(false);
  const [error, set_error] = useState(null);
  const close = () => set({ dialog: null });
  const run = async () => {
    set_busy(true);
    try {
      const words = await question.run();
      close();
      if (words) notify(words);
    } catch (failure) {
      set_error(failure);
      set_busy(false);
    }
  };
  return html`<${Modal} title=${question.title} onClose=${close}>
    <ul class="says">${question.says.filter(Boolean).map((line) => html`<li>${line}</li>`)}</ul>
    ${error && html`<p class="failed" role="alert">${error.message}</p>`}
    <div class="buttons"><button onClick=${close}>Leave it as it is</button>
      <button class=${question.danger ? "danger" : "primary"} disabled=${busy} onClick=${run}>${busy ? "Wait ..." : question.verb}
        </button></div>
  <//>`;
}

export function SignIn({ done }) {
  const [error, set_error] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    try {
      const me = await sign_in(new FormData(event.target).get("token").trim());
      notify(`Signed in as ${me.name || me.role}`);
      connect();
      if (done) done();
    } catch (failure) {
      set_error(failure);
    }
  };
  return html`<form class="sign-in" onSubmit=${submit}>
    <label>Token <input type="password" name="token" autocomplete="current-password" required spellcheck="false" /></label>
    <button class="primary">Sign in</button>
    ${error && html`<p class="failed" role="alert">${error.message}</p>`}
  </form>`;
}

function TokenDialog() {
  const close = () => set({ asks_token: false });
  return html`<${Modal} title="The proxy asks for a token" onClose=${close}>
    <p>What you see or do here needs a token of this proxy. It is sent once and not kept by the page.</p>
    <${SignIn} done=${close} />
    <div class="buttons"><button onClick=${close}>Not now</button></div>
  <//>`;
}

const keys = [
  ["1 – 9, 0", "go to a view"],
  ["← →", "from tab to tab, when a tab has the focus"],
  ["/", "filter"],
  ["t", "light or dark"],
  ["l", "copy a link to what is shown"],
  ["[ ]", "a shorter or longer time range"],
  ["Esc", "close what is open, leave the filter"],
  ["?", "these keys"],
];

export const show_keys = () => set({ dialog: "keys" });

function Keys() {
  const close = () => set({ dialog: null });
  return html`<${Modal} title="Keys" onClose=${close}>
    <dl class="keys">${keys.map(([key, words]) => html`<dt><kbd>${key}</kbd></dt><dd>${words}</dd>`)}</dl>
    <div class="buttons"><button class="primary" onClick=${close}>Close</button></div>
  <//>`;
}

export function Dialogs() {
  const { dialog, asks_token } = use_store();
  if (dialog === "keys") return html`<${Keys} />`;
  if (dialog) return html`<${Question} key=${dialog.title} question=${dialog} />`;
  if (asks_token) return html`<${TokenDialog} />`;
  return null;
}

export function Notices() {
  const { notices } = use_store();
  return html`<div class="notices" role="status" aria-live="polite">${notices.map((n) => html`<p key=${n.id}
    class=${`notice ${n.kind}`}>
    <span>${n.text}</span><button class="plain" aria-label="Dismiss" onClick=${() => dismiss(n.id)}>✕</button></p>`)}</div>`;
}

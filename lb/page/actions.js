// Every change that the page can ask for, each with words for what it will do.
import { change, path_of } from "./api.js";
import { ask } from "./dialog.js";
import { duration, known, moment, plural } from "./format.js";
import { set, state } from "./store.js";

// Why nothing can be changed now, or null.
export const why_not = () => {
  if (state.me.can_change) return null;
  return state.me.changes_off || "sign in to change something";
};

// Asks `question`, or for a token when there is no right to change.
function guarded(question) {
  if (state.me.can_change || state.me.changes_off) ask(question);
  else set({ asks_token: true });
}

const survival = (survives, because) => (survives ? "This stays after a restart."
  : `A restart forgets this${because ? `: ${because}` : ""}.`);

// What a server that gets no new work has left to do.
export function left_of(server) {
  if (server.streams_open) return `The ${plural(server.streams_open, "stream")} it has go on until they end.`;
  if (!server.in_flight) return "It has nothing to finish.";
  const work = known(server.finish_s) && server.finish_s > 0 ? ` (${duration(server.finish_s)} of work)` : "";
  return `The ${plural(server.in_flight, "request")} it has${work} ${server.in_flight === 1 ? "is" : "are"} finished.`;
}

export function ask_drain(server) {
  guarded({
    title: `Drain ${server.name}?`,
    says: [
      `${server.name} gets no new work.`,
      left_of(server),
      "The other servers of its pool take what comes.",
    ],
    verb: "Drain",
    run: async () => {
      const reply = await change("PUT", `${path_of("servers", server.name)}/state`, { state: "drain" });
      return `${server.name} drains. ${survival(reply.survives_restart, reply.forgotten_because)}`;
    },
  });
}

export function ask_undrain(server) {
  guarded({
    title: `Give ${server.name} work again?`,
    says: [`${server.name} takes new work from now on, if its health checks allow it.`],
    verb: "Undrain",
    run: async () => {
      const reply = await change("PUT", `${path_of("servers", server.name)}/state`, { state: "ready" });
      return `${server.name} is ready. ${survival(reply.survives_restart, reply.forgotten_because)}`;
    },
  });
}

const meanings = {
  weight: "Policies that know weights give it that much more or less, from the next request on.",
  speed: "Its work is expected to take that much less or more time.",
  slots: "So many requests are worked on at once.",
};

// `patch` holds what is to be other than it is, of weight, speed and slots.
export function ask_server(server, patch) {
  const names = Object.keys(patch);
  guarded({
    title: `Change ${server.name}?`,
    says: names.flatMap((name) => [`The ${name} becomes ${patch[name]}; it is ${server[name] ?? "unknown"} now.`, meanings[name]]),
    verb: "Change",
    run: async () => {
      const reply = await change("PATCH", path_of("servers", server.name), patch);
      return `${server.name}: ${names.map((name) => `${name} ${reply[name] ?? patch[name]}`).join(", ")}. ${survival(reply.survives_restart)}`;
    },
  });
}

export function ask_add_server(server, done) {
  guarded({
    title: `Add ${server.name}?`,
    says: [
      `${server.address} becomes a server of ${server.pool}${server.type ? `, of type ${server.type}` : ""}.`,
      "It gets work as soon as its health check allows it. No connection is touched.",
    ],
    verb: "Add it",
    run: async () => {
      const reply = await change("POST", "api/v1/servers", server);
      if (done) done();
      return `${server.name} is a server of ${reply.pool ?? server.pool}. ${survival(reply.survives_restart)}`;
    },
  });
}

export function ask_remove_server(server, done) {
  guarded({
    title: `Remove ${server.name}?`,
    says: [
      `${server.name} gets no new work and is forgotten.`,
      left_of(server),
    ],
    verb: "Remove it",
    danger: true,
    run: async () => {
      const reply = await change("DELETE", path_of("servers", server.name));
      if (done) done();
      return `${server.name} is removed. ${survival(reply.survives_restart)}`;
    },
  });
}

export function ask_policy(pool, policy) {
  guarded({
    title: `Switch ${pool.name} to ${policy}?`,
    says: [
      `Pool ${pool.name} chooses by ${pool.policy} now; from the next request on it chooses by ${policy}.`,
      "What is already placed stays where it is. No connection is touched.",
      pool.file && pool.file !== policy ? `The configuration file says ${pool.file}.` : null,
    ],
    verb: `Switch to ${policy}`,
    run: async () => {
      const reply = await change("PUT", `${path_of("pools", pool.name)}/policy`, { policy });
      return `${pool.name} chooses by ${reply.policy ?? policy}. ${survival(reply.survives_restart)}`;
    },
  });
}

export function ask_acknowledge(alert, done) {
  guarded({
    title: `Acknowledge ${alert.rule} of ${alert.subject}?`,
    says: ["It stays open until its cause is gone; everybody sees that somebody looks after it."],
    verb: "Acknowledge",
    run: async () => {
      await change("POST", `${path_of("alerts", alert.id)}/acknowledge`);
      if (done) done();
      return "Acknowledged";
    },
  });
}

export function ask_silence(matches, hours, comment, done) {
  const until = Math.round(Date.now() / 1000 + hours * 3600);
  guarded({
    title: `Silence ${matches}?`,
    says: [`Nobody is told of alerts that match ${matches} until ${moment(until)}.`, "They are still shown here."],
    verb: "Silence",
    run: async () => {
      await change("POST", "api/v1/silences", { matches, until, comment });
      if (done) done();
      return `${matches} is silent until ${moment(until)}`;
    },
  });
}

export function ask_end_silence(silence, done) {
  guarded({
    title: `End the silence of ${silence.matches}?`,
    says: ["From now on everybody is told of these alerts again."],
    verb: "End it",
    run: async () => {
      await change("DELETE", path_of("silences", silence.id));
      if (done) done();
      return "The silence is over";
    },
  });
}

export function ask_rule(rule, patch, done) {
  const told = Object.entries(patch).map(([key, value]) => `${key}: ${rule[key]} becomes ${value}.`);
  guarded({
    title: `Change the rule ${rule.name}?`,
    says: told.length ? told : ["Nothing changes."],
    verb: "Change",
    run: async () => {
      await change("PUT", path_of("alert-rules", rule.name), { ...rule, ...patch });
      if (done) done();
      return `${rule.name} is changed`;
    },
  });
}

export function ask_reload() {
  guarded({
    title: "Reload the configuration?",
    says: [
      "The proxy reads its file again. A file with mistakes changes nothing.",
      "No connection is refused or cut.",
      "What was switched by hand and is not in the file may be lost.",
    ],
    verb: "Reload",
    run: async () => {
      await change("POST", "api/v1/reload");
      return "The reload is under way; the history shows how it ends";
    },
  });
}

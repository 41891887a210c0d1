// Draws the finish-line picture on a canvas: bars of work by type up to each server's finish, and the line where all is done.
import { duration, known } from "./format.js";
import { heights, pieces_of } from "./finish_layout.js";
import { colour_of, fill_of, ink_on } from "./palette.js";
import { css } from "./theme.js";

const narrow = 420; // pixels of the picture

// Room for words behind the line where all is done.
const margin = (scale) => (scale.width < narrow ? 56 : 96);

// scale: { left, width, end }: seconds to pixels.
const x_of = (scale, seconds) => scale.left + (seconds / scale.end) * (scale.width - margin(scale));

function text(pen, words, x, y, { colour = css("--muted"), align = "left", font = "11px system-ui, sans-serif" } = {}) {
  pen.font = font;
  pen.fillStyle = colour;
  pen.textAlign = align;
  pen.textBaseline = "middle";
  pen.fillText(words, x, y);
}

function paint_axis(pen, scale, height) {
  const steps = scale.width < narrow ? 2 : scale.width < 800 ? 5 : 10;
  const raw = scale.end / steps;
  const base = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * base).find((n) => n >= raw * 0.999);
  pen.lineWidth = 1;
  for (let at = 0; at <= scale.end * 1.0001; at += step) {
    const x = Math.round(x_of(scale, at)) + 0.5;
    pen.strokeStyle = css(at === 0 ? "--axis" : "--grid");
    pen.beginPath();
    pen.moveTo(x, heights.head - 8);
    pen.lineTo(x, height);
    pen.stroke();
    const words = duration(at).replace(/\.0+ /, " ").replace(/(\.[1-9])0 /, "$1 ");
    text(pen, at === 0 ? "now" : `+${words}`, x, 11, { align: at === 0 ? "left" : "center" });
  }
}

function paint_piece(pen, scale, piece, y, h) {
  const x0 = x_of(scale, piece.from);
  const x1 = x_of(scale, piece.to);
  const w = Math.max(1, x1 - x0 - (x1 - x0 > 4 ? 1 : 0));
  pen.globalAlpha = piece.running ? 1 : 0.62;
  pen.fillStyle = piece.running ? colour_of(piece.type) : fill_of(pen, piece.type);
  if (piece.type === null) pen.fillStyle = css("--unknown-work");
  pen.beginPath();
  pen.roundRect(x0, y, w, h, Math.min(2.5, w / 2));
  pen.fill();
  pen.globalAlpha = 1;
  if (w > 14 && h >= 12 && piece.type) {
    const words = w > 52 ? piece.type : piece.type[0].toUpperCase();
    pen.save();
    pen.clip();
    const colour = piece.running ? ink_on(colour_of(piece.type)) : css("--ink");
    text(pen, words, x0 + 5, y + h / 2 + 0.5, { colour, font: `${piece.running ? "600 " : ""}11px system-ui, sans-serif` });
    pen.restore();
  }
}

// Where words fit beside the end of a bar: before the line where all is done, or behind it.
function beside(scale, finish, last, room) {
  const x = x_of(scale, finish) + 6;
  const line = x_of(scale, last);
  return x + room < line - 2 ? x : line + 16;
}

function paint_end(pen, scale, finish, y, h) {
  pen.fillStyle = css("--ink");
  pen.fillRect(Math.round(x_of(scale, finish)) - 1, y - 1, 2, h + 2);
}

function paint_leader(pen, scale, finish, last, y) {
  const x0 = x_of(scale, finish) + 52;
  const x1 = x_of(scale, last) - 6;
  if (x1 - x0 < 8) return;
  pen.strokeStyle = css("--leader");
  pen.setLineDash([1, 5]);
  pen.beginPath();
  pen.moveTo(x0, Math.round(y) + 0.5);
  pen.lineTo(x1, Math.round(y) + 0.5);
  pen.stroke();
  pen.setLineDash([]);
}

const idle_words = { down: "down: gets no work", ejected: "ejected: gets no work", untried: "not tried yet", absent: "absent", draining: "drained" };

function paint_idle(pen, scale, words, last, y) {
  pen.font = "11px system-ui, sans-serif";
  text(pen, words, beside(scale, 0, last, pen.measureText(words).width + 4), y);
}

function paint_server(pen, scale, row, ease, last) {
  const { server } = row;
  const finish = ease(server.name, server.finish_s);
  const factor = server.finish_s > 0 ? finish / server.finish_s : 1;
  const { lanes, pieces } = pieces_of(server);
  const y = row.y + 3;
  const h = row.h - 6;
  pen.fillStyle = css("--track");
  pen.fillRect(scale.left, y, x_of(scale, last) - scale.left, h);
  for (const piece of pieces) {
    const each = h / lanes;
    const spread = piece.lane < 0;
    const at = { ...piece, from: piece.from * factor, to: piece.to * factor };
    paint_piece(pen, scale, at, spread ? y : y + piece.lane * each, spread ? h : each - (lanes > 1 ? 1 : 0));
  }
  if (finish > 0 && known(server.finish_s)) {
    paint_leader(pen, scale, finish, last, y + h / 2);
    paint_end(pen, scale, finish, y, h);
    text(pen, duration(finish), beside(scale, finish, last, 46), y + h / 2 + 0.5, { colour: css("--ink") });
  } else paint_idle(pen, scale, known(server.finish_s) ? idle_words[server.state] || "idle" : "no data", last, y + h / 2 + 0.5);
}

// A group as a skyline: each line of pixels is one of its servers, the last to finish on top.
function paint_fold(pen, scale, row, last) {
  const y = row.y + 4;
  const h = row.h - 9;
  pen.fillStyle = css("--track");
  pen.fillRect(scale.left, y, x_of(scale, last) - scale.left, h);
  const lines = Math.min(h, row.servers.length);
  for (let at = 0; at < lines; at++) {
    const server = row.servers[Math.floor(((at + 0.5) / lines) * row.servers.length)];
    const top = y + (at / lines) * h;
    for (const piece of pieces_of(server, 1).pieces) {
      pen.fillStyle = piece.type === null ? css("--unknown-work") : colour_of(piece.type);
      const x0 = x_of(scale, piece.from);
      pen.fillRect(x0, top, Math.max(0.5, x_of(scale, piece.to) - x0), h / lines + 0.3);
    }
  }
  const most = row.servers.length ? row.servers[0].finish_s || 0 : 0;
  const middle = row.servers.length ? row.servers[row.servers.length >> 1].finish_s : null;
  const x = beside(scale, most, last, 96);
  paint_end(pen, scale, most, y, h);
  text(pen, duration(most), x, y + 12, { colour: css("--ink") });
  if (scale.width >= narrow) text(pen, `median ${duration(middle)}`, x, y + 28);
}

function queue_words(row, shown, brief) {
  if (!row.count) return brief ? "none" : "none waits";
  if (brief) return `${row.count}, ${duration(row.work_s)}`;
  return `${row.count > shown ? `+${row.count - shown} · ` : ""}${row.count} wait, ${duration(row.work_s)} of work`;
}

// Where words about what waits stand: behind the boxes, and neither in the line where all is done nor touching it. Where
// there is no room beside it, they stand on ground of their own over it.
export function place_of_words(scale, x, room, last) {
  const line = x_of(scale, last);
  const clear = !(last > 0) || x + room + 8 < line || x > line + 14;
  return clear || line + 16 + room > scale.left + scale.width ? x : line + 16;
}

function paint_queue(pen, scale, row, last) {
  const size = 9;
  const room = Math.floor((scale.width - (scale.width < narrow ? 90 : 190)) / (size + 3));
  const shown = Math.min(row.count, Math.max(4, room));
  const y = row.y + (row.h - size) / 2;
  pen.fillStyle = fill_of(pen, row.type);
  for (let at = 0; at < shown; at++) {
    pen.beginPath();
    pen.roundRect(scale.left + 4 + at * (size + 3), y, size, size, 2);
    pen.fill();
  }
  const words = queue_words(row, shown, scale.width < narrow);
  pen.font = "11px system-ui, sans-serif";
  const long = pen.measureText(words).width;
  const x = place_of_words(scale, scale.left + 8 + shown * (size + 3), long, last);
  pen.fillStyle = css("--panel");
  pen.fillRect(x - 4, row.y + 1, long + 10, row.h - 2);
  text(pen, words, x, row.y + row.h / 2 + 0.5, { colour: css(row.count ? "--ink" : "--muted") });
}

// The line where all is done, chequered as at a race.
function paint_line(pen, scale, last, height) {
  if (!(last > 0)) return;
  const x = Math.round(x_of(scale, last)) + 2;
  const size = 4;
  for (let y = 22; y < height - 2; y += size)
    for (let column = 0; column < 2; column++) {
      pen.fillStyle = css(((y - 22) / size + column) % 2 ? "--flag-light" : "--flag-dark");
      pen.fillRect(x + column * size, y, size, size);
    }
}

// model: { rows, height, last }; scale: { left, width, end }; ease(name, value) is the value on its way.
export function paint(pen, model, scale, ease) {
  const last = ease("\u0000last", model.last);
  paint_axis(pen, scale, model.height);
  for (const row of model.rows) {
    if (row.kind === "server") paint_server(pen, scale, row, ease, last);
    else if (row.kind === "fold") paint_fold(pen, scale, row, last);
  }
  paint_line(pen, scale, last, model.height);
  for (const row of model.rows) if (row.kind === "queue") paint_queue(pen, scale, row, last);
}

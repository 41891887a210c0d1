// What a chart shows beside its lines: lost time as hatching, and reloads, upgrades and the like as marks.
import { css } from "./theme.js";

export const mark_words = {
  reload: "reload",
  upgrade: "upgrade",
  policy: "policy",
  worker_died: "worker died",
  server: "server",
  scale: "scaling",
  gap: "gap",
};

const letters = { reload: "R", upgrade: "U", policy: "P", worker_died: "!", server: "S", scale: "±", gap: "–" };

// [first, last] times of each stretch without any value, as long as the data lasts.
export function gaps_of(times, columns) {
  const gaps = [];
  let begin = null;
  for (let at = 0; at < times.length; at++) {
    const empty = columns.every((c) => c[at] === null || c[at] === undefined);
    if (empty && begin === null) begin = at;
    if (!empty && begin !== null) gaps.push([times[Math.max(0, begin - 1)], times[at]]), (begin = null);
  }
  if (begin !== null && begin > 0 && times.length - begin > 1) gaps.push([times[begin - 1], times[times.length - 1]]);
  else if (begin === 0 && times.length) gaps.push([times[0], times[times.length - 1]]);
  return gaps;
}

// Hatches the box, slanted, in the colour of muted text.
export function hatch(pen, x, y, w, h) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, w, h);
  pen.clip();
  pen.fillStyle = css("--hatch-ground");
  pen.fillRect(x, y, w, h);
  pen.strokeStyle = css("--hatch");
  pen.lineWidth = Math.max(1, devicePixelRatio || 1);
  const step = 7 * (devicePixelRatio || 1);
  pen.beginPath();
  for (let at = x - h - ((x - h) % step); at < x + w; at += step) pen.moveTo(at, y + h), pen.lineTo(at + h, y);
  pen.stroke();
  pen.restore();
}

// From where to where on the canvas, inside of the picture.
function ends_of(u, [from, to]) {
  const { left, width } = u.bbox;
  return [Math.max(left, u.valToPos(from, "x", true)), Math.min(left + width, u.valToPos(to, "x", true))];
}

function draw_gap(u, pen, gap) {
  const [x0, x1] = ends_of(u, gap);
  if (x1 - x0 >= 1) hatch(pen, x0, u.bbox.top, x1 - x0, u.bbox.height);
}

// Over the grid, on a ground of its own, so that no line goes through the words.
function draw_gap_words(u, pen, gap, scale) {
  const [x0, x1] = ends_of(u, gap);
  if (x1 - x0 < 60 * scale) return;
  pen.font = `${11 * scale}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const width = pen.measureText("no data").width + 10 * scale;
  const y = u.bbox.top + u.bbox.height / 2;
  pen.fillStyle = css("--hatch-ground");
  pen.fillRect((x0 + x1 - width) / 2, y - 9 * scale, width, 18 * scale);
  pen.fillStyle = css("--muted");
  pen.fillText("no data", (x0 + x1) / 2, y);
}

// Marks whose letters would lie over each other, as one: { x, marks }. `marks` are in the order of their times.
export function grouped(marks, x_of, reach) {
  const groups = [];
  for (const mark of marks) {
    const x = Math.round(x_of(mark.time));
    const last = groups[groups.length - 1];
    if (last && x - last.x < reach) last.marks.push(mark);
    else groups.push({ x, marks: [mark] });
  }
  return groups;
}

// One letter, or how many there are.
function draw_marks(u, pen, { x, marks }, scale) {
  const { left, top, width, height } = u.bbox;
  if (x < left || x > left + width) return;
  pen.strokeStyle = css("--mark");
  pen.lineWidth = scale;
  pen.setLineDash([3 * scale, 3 * scale]);
  pen.beginPath();
  pen.moveTo(x, top);
  pen.lineTo(x, top + height);
  pen.stroke();
  pen.setLineDash([]);
  const size = 13 * scale;
  const wide = marks.length > 9 ? 16 * scale : size;
  pen.fillStyle = css("--mark");
  pen.fillRect(x - wide / 2, top + height - size, wide, size);
  pen.fillStyle = css("--panel");
  pen.font = `bold ${10 * scale}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(marks.length > 1 ? Math.min(99, marks.length) : letters[marks[0].kind] || "•", x, top + height - size / 2 + scale);
}

function draw_all_marks(u, pen, marks, scale) {
  const in_order = [...marks].sort((a, b) => a.time - b.time);
  for (const group of grouped(in_order, (time) => u.valToPos(time, "x", true), 17 * scale)) draw_marks(u, pen, group, scale);
}

// A uPlot plugin; `now()` gives { gaps, marks } at each drawing.
export function marks_plugin(now) {
  const with_pen = (u, draw) => {
    const scale = devicePixelRatio || 1;
    u.ctx.save();
    draw(u.ctx, scale);
    u.ctx.restore();
  };
  return {
    hooks: {
      drawClear: (u) => with_pen(u, (pen) => now().gaps.forEach((gap) => draw_gap(u, pen, gap))),
      draw: (u) => with_pen(u, (pen, scale) => {
        now().gaps.forEach((gap) => draw_gap_words(u, pen, gap, scale));
        draw_all_marks(u, pen, now().marks, scale);
      }),
    },
  };
}

// The width of an element, followed.
import { useLayoutEffect, useRef, useState } from "./vendor/preact.js";

// [ref, width in CSS pixels]; 0 until it is known.
export function use_width() {
  const ref = useRef(null);
  const [width, set_width] = useState(0);
  useLayoutEffect(() => {
    if (!ref.current) return;
    const measure = () => ref.current && set_width(Math.floor(ref.current.clientWidth));
    const observer = new ResizeObserver(measure);
    observer.observe(ref.current);
    measure();
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

// Makes `canvas` width x height CSS pixels at the screen's resolution. Returns its pen, scaled.
export function pen_of(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * scale));
  const h = Math.max(1, Math.round(height * scale));
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

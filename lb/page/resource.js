// One part of the API that a view shows, loaded when it opens and again every so often.
import { useCallback, useEffect, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";

// { status: loading | ready | failed, value, error, reload } of `path`; null asks for nothing.
export function use_resource(path, every_s = 0) {
  const [shown, show] = useState({ status: "loading", value: null, error: null });
  const stop = useRef(null);
  const load = useCallback(async () => {
    if (stop.current) stop.current.abort();
    if (!path) return;
    const mine = (stop.current = new AbortController());
    try {
      show({ status: "ready", value: await get(path, mine.signal), error: null });
    } catch (error) {
      if (error.name !== "AbortError") show((before) => ({ ...before, status: "failed", error }));
    }
  }, [path]);
  useEffect(() => {
    show({ status: "loading", value: null, error: null });
    load();
    const timer = every_s ? setInterval(() => !document.hidden && load(), every_s * 1000) : null;
    return () => (clearInterval(timer), stop.current && stop.current.abort());
  }, [path, every_s]);
  return { ...shown, reload: load };
}

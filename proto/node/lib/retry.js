// When a request is sent again, and after how long. Pure but for chance.
import { ConnectFailed, ConnectionLost, Draining, Overloaded, ServerLost } from './errors.js';

export const DEFAULT_RETRY = Object.freeze({ attempts: 4, firstPauseMs: 50, longestPauseMs: 2000 });

// backoffMs: the pause after so many failures in a row. Pauses double, up to the longest, each drawn from its upper half
// so that clients come apart.
export function backoffMs(retry, failures) {
  const most = Math.min(retry.longestPauseMs, retry.firstPauseMs * 2 ** Math.min(failures - 1, 30));
  return most * (0.5 + Math.random() / 2);
}

// pauseAfterMs: until the request may be sent again after so many attempts have ended with `error`; undefined: not
// again. What has not been begun may be sent again in any case, what may have been done only if it is retryable.
export function pauseAfterMs(retry, error, attempts, retryable) {
  if (attempts >= retry.attempts) return undefined;
  if (error instanceof Overloaded && error.retryAfterMs !== undefined) {
    return error.retryAfterMs * (1 + Math.random() / 2);
  }
  const unbegun = error instanceof ConnectFailed || error instanceof Draining || error instanceof Overloaded;
  const lost = error instanceof ConnectionLost || error instanceof ServerLost;
  return unbegun || (lost && retryable) ? backoffMs(retry, attempts) : undefined;
}

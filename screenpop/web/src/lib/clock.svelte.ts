/** The time on the page: the server's, ticking each half second so that no second is skipped. */

const TICK_MS = 500;

class Clock {
  /** How far the server's clock is ahead of this machine's. */
  aheadMs = 0;
  #now = $state(Date.now());

  constructor() {
    setInterval(() => (this.#now = Date.now()), TICK_MS);
  }

  /** Milliseconds since the epoch, by the server's clock. */
  get now(): number {
    return this.#now + this.aheadMs;
  }
}

export const clock = new Clock();

/** A duration as 0:07, 12:40 or 1:02:09. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

// When to try again by itself, and when to ask the viewer: a short outage passes unseen, a long one is said.

const RESTART_DELAYS_MS = [1_000, 3_000, 8_000, 15_000] as const;
const HEALTHY_AFTER_MS = 30_000;

export class Recovery {
  #failures = 0;
  #lastFailureAt = Number.NEGATIVE_INFINITY;

  /** Milliseconds until the next attempt, or `null` if the viewer must decide. */
  nextDelay(now: number): number | null {
    if (now - this.#lastFailureAt > HEALTHY_AFTER_MS) this.#failures = 0;
    this.#lastFailureAt = now;
    const delay = RESTART_DELAYS_MS[this.#failures] ?? null;
    this.#failures += 1;
    return delay;
  }

  reset(): void {
    this.#failures = 0;
  }
}

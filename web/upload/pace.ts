// How fast an upload goes, and how long it will still take: said only when it can be known.

const FIRST_ESTIMATE_AFTER_MS = 2_000;

export class UploadPace {
  readonly #startedAt: number;

  constructor(now: number) {
    this.#startedAt = now;
  }

  /** Seconds until all bytes are sent, or `null` while too little was sent to tell. */
  secondsLeft(loaded: number, total: number, now: number): number | null {
    const elapsed = now - this.#startedAt;
    if (elapsed < FIRST_ESTIMATE_AFTER_MS || loaded <= 0) return null;
    return ((total - loaded) / loaded) * (elapsed / 1000);
  }
}

export function describeProgress(loaded: number, total: number, secondsLeft: number | null): string {
  const percent = total > 0 ? Math.floor((loaded / total) * 100) : 0;
  const amount = `${percent} % of ${size(total)}`;
  return secondsLeft === null ? amount : `${amount}, ${duration(secondsLeft)} left`;
}

function size(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB"] as const;
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const amount = bytes / 1000 ** step;
  return `${step > 0 && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[step] ?? "bytes"}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

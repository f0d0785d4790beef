// Tells the server that somebody is watching, and where they are: when they begin, every ten seconds, when they jump, and
// when they leave. Nothing but the second goes out; a report that does not get through is not sent again.

const EVERY_MS = 10_000;

export interface Report {
  readonly currentTime: number;
  readonly viewEvent?: "seek";
  readonly sessionId: string;
}

/** What the reports are about; a `<video>` is one. */
export interface Watched extends Pick<EventTarget, "addEventListener"> {
  readonly currentTime: number;
  readonly paused: boolean;
  readonly seeking: boolean;
}

export interface Post {
  /** While the page is open. */
  readonly now: (report: Report) => void;
  /** While it closes. */
  readonly last: (report: Report) => void;
}

export class ViewReports {
  readonly #video: Watched;
  readonly #post: Post;
  readonly #sessionId = Math.random().toString(36).slice(2, 12);
  #timer: ReturnType<typeof setInterval> | undefined;
  #hasBegun = false;

  constructor(video: Watched, post: Post, signal: AbortSignal) {
    this.#video = video;
    this.#post = post;
    video.addEventListener("playing", () => this.#begin(), { signal });
    video.addEventListener("seeked", () => { if (this.#hasBegun) this.#post.now(this.#report(true)); }, { signal });
    for (const name of ["pause", "ended"]) video.addEventListener(name, () => this.#rest(), { signal });
    signal.addEventListener("abort", () => this.leave());
  }

  /** The page closes: where the viewer is now is the last that is heard of them. */
  leave(): void {
    const wasPlaying = this.#timer !== undefined;
    this.#stop();
    if (wasPlaying) this.#post.last(this.#report(false));
  }

  #begin(): void {
    if (this.#timer !== undefined) return;
    this.#hasBegun = true;
    this.#post.now(this.#report(false));
    this.#timer = setInterval(() => this.#post.now(this.#report(false)), EVERY_MS);
  }

  /** A pause is also what browsers say while they seek; the jump is told by itself. */
  #rest(): void {
    if (this.#timer === undefined) return;
    this.#stop();
    if (!this.#video.seeking) this.#post.now(this.#report(false));
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #report(jumped: boolean): Report {
    const report = { currentTime: Math.floor(this.#video.currentTime), sessionId: this.#sessionId };
    return jumped ? { ...report, viewEvent: "seek" } : report;
  }
}

/** Sends reports to this address. */
export function postTo(url: string): Post {
  const body = (report: Report) => new Blob([JSON.stringify(report)], { type: "application/json" });
  return {
    now: (report) => { void fetch(url, { method: "POST", body: body(report), keepalive: true }).catch(() => undefined); },
    last: (report) => { navigator.sendBeacon(url, body(report)); },
  };
}

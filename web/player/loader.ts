// The loader that hls.js uses for everything that p2p-media-loader does not take: playlists and initialisation segments
// (from the first server that answers, the page's own first), and segments while nothing is exchanged with other viewers.
//
// Answers are filed under the address that was asked for, whichever server sent them: p2p-media-loader knows streams and
// segments by these addresses.

import type { HlsConfig, Loader, LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderStats } from "hls.js";
import type { ByteRange } from "./hash-list";
import type { Segments } from "./segments";
import type { SegmentSources } from "./sources";

/** How long a server may stay silent while there are others to ask. */
const PATIENCE_MS = 5_000;

interface Answer {
  readonly response: Response;
  readonly bytes: ArrayBuffer;
}

class Unavailable extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** A loader class for hls.js's `loader` option. */
export function loaderFor(sources: SegmentSources, segments: Segments): new (config: HlsConfig) => Loader<LoaderContext> {
  return class extends FailoverLoader {
    constructor() {
      super(sources, segments);
    }
  };
}

class FailoverLoader implements Loader<LoaderContext> {
  context: LoaderContext | null = null;
  stats: LoaderStats = emptyStats();
  readonly #sources: SegmentSources;
  readonly #segments: Segments;
  readonly #abort = new AbortController();
  #callbacks: LoaderCallbacks<LoaderContext> | null = null;
  #response: Response | null = null;

  constructor(sources: SegmentSources, segments: Segments) {
    this.#sources = sources;
    this.#segments = segments;
  }

  load(context: LoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
    this.context = context;
    this.#callbacks = callbacks;
    this.stats.loading.start = performance.now();
    const firstByte = Math.min(config.loadPolicy.maxTimeToFirstByteMs, this.#sources.hosts.length > 1 ? PATIENCE_MS : Infinity);
    const timer = after(config.loadPolicy.maxLoadTimeMs, () => this.#timeOut());
    this.#fetch(context, firstByte)
      .then((answer) => this.#succeed(context, answer), (error: unknown) => this.#fail(context, error))
      .finally(() => clearTimeout(timer));
  }

  abort(): void {
    const { context } = this;
    const callbacks = this.#stop();
    if (callbacks === null || context === null) return;
    this.stats.aborted = true;
    callbacks.onAbort?.(this.stats, context, this.#response);
  }

  destroy(): void {
    this.#stop();
    this.context = null;
  }

  getCacheAge(): number | null {
    const age = this.#response?.headers.get("age");
    return age ? Number.parseFloat(age) : null;
  }

  getResponseHeader(name: string): string | null {
    return this.#response?.headers.get(name) ?? null;
  }

  #fetch(context: LoaderContext, firstByteMs: number): Promise<Answer> {
    return isMediaSegment(context) ? this.#fetchSegment(context, firstByteMs) : this.#fetchFile(context, firstByteMs);
  }

  async #fetchFile(context: LoaderContext, firstByteMs: number): Promise<Answer> {
    const range = rangeOf(context);
    let failure: unknown = new Unavailable(0, "no server holds this video");
    for (const { base, url } of this.#sources.inOrder(context.url)) {
      try {
        const headers = { ...context.headers, ...(range && { Range: `bytes=${range.start}-${range.end}` }) };
        return await this.#answer(new Request(url, { headers, signal: this.#abort.signal }), range, firstByteMs);
      } catch (error) {
        if (this.#abort.signal.aborted) throw error;
        failure = error;
        if (!(error instanceof Unavailable && error.status === 404)) this.#sources.report(base, "unreachable");
      }
    }
    throw failure;
  }

  async #fetchSegment(context: LoaderContext, firstByteMs: number): Promise<Answer> {
    const range = rangeOf(context);
    let failure: unknown = new Unavailable(0, "no server holds this segment");
    for (let attempt = 0; attempt <= this.#sources.hosts.length; attempt += 1) {
      const request = this.#segments.requestFor(context.url, range, range, this.#abort.signal);
      try {
        const answer = await this.#answer(request, range, firstByteMs);
        if (await this.#segments.acceptFromServer(context.url, range, answer.bytes)) return answer;
        failure = new Unavailable(0, "a server sent a damaged segment");
      } catch (error) {
        if (this.#abort.signal.aborted) throw error;
        this.#segments.failed(context.url, range);
        failure = error;
      }
    }
    throw failure;
  }

  async #answer(request: Request, range: ByteRange | undefined, firstByteMs: number): Promise<Answer> {
    const patience = new AbortController();
    const timer = after(firstByteMs, () => patience.abort(new Unavailable(0, "the server did not answer in time")));
    const stop = () => patience.abort(request.signal.reason);
    request.signal.addEventListener("abort", stop);
    try {
      const response = await fetch(new Request(request, { signal: patience.signal }));
      clearTimeout(timer);
      this.#response = response;
      this.stats.loading.first = Math.max(performance.now(), this.stats.loading.start);
      return { response, bytes: await wholeBody(response, range) };
    } finally {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", stop);
    }
  }

  #succeed(context: LoaderContext, { response, bytes }: Answer): void {
    const callbacks = this.#callbacks;
    this.#callbacks = null;
    if (callbacks === null) return;
    const { stats } = this;
    stats.loading.end = Math.max(performance.now(), stats.loading.first);
    stats.loaded = bytes.byteLength;
    stats.total = bytes.byteLength;
    stats.chunkCount = 1;
    const data = bodyAs(context.responseType, bytes);
    if (context.responseType === "arraybuffer") callbacks.onProgress?.(stats, context, bytes, response);
    callbacks.onSuccess({ url: context.url, data, code: response.status }, stats, context, response);
  }

  #fail(context: LoaderContext, error: unknown): void {
    const callbacks = this.#callbacks;
    this.#callbacks = null;
    const code = error instanceof Unavailable ? error.status : 0;
    const text = error instanceof Error ? error.message : String(error);
    callbacks?.onError({ code, text }, context, this.#response, this.stats);
  }

  #timeOut(): void {
    const { context } = this;
    const callbacks = this.#stop();
    if (callbacks !== null && context !== null) callbacks.onTimeout(this.stats, context, this.#response);
  }

  #stop(): LoaderCallbacks<LoaderContext> | null {
    const callbacks = this.#callbacks;
    this.#callbacks = null;
    this.#abort.abort();
    return callbacks;
  }
}

/** hls.js says "without limit" by `Infinity`, which `setTimeout` takes for "at once". */
function after(milliseconds: number, act: () => void): ReturnType<typeof setTimeout> | undefined {
  return Number.isFinite(milliseconds) ? setTimeout(act, milliseconds) : undefined;
}

function isMediaSegment(context: LoaderContext): boolean {
  const { frag } = context as { frag?: { sn?: number | "initSegment" } };
  return typeof frag?.sn === "number";
}

function rangeOf({ rangeStart, rangeEnd }: LoaderContext): ByteRange | undefined {
  if (rangeStart === undefined || rangeEnd === undefined || rangeEnd <= rangeStart) return undefined;
  return { start: rangeStart, end: rangeEnd - 1 };
}

/** @throws {Unavailable} if the answer is not what was asked for. */
async function wholeBody(response: Response, range: ByteRange | undefined): Promise<ArrayBuffer> {
  if (!response.ok) throw new Unavailable(response.status, `the server answered ${response.status}`);
  if (range !== undefined && response.status !== 206) throw new Unavailable(response.status, "the server sent another part");
  const bytes = await response.arrayBuffer();
  const expected = range === undefined ? bytes.byteLength : range.end - range.start + 1;
  if (bytes.byteLength !== expected) throw new Unavailable(response.status, "the server sent fewer bytes than it should");
  return bytes;
}

function bodyAs(responseType: string, bytes: ArrayBuffer): string | ArrayBuffer | object {
  if (responseType === "arraybuffer") return bytes;
  const text = new TextDecoder().decode(bytes);
  return responseType === "json" ? JSON.parse(text) as object : text;
}

function emptyStats(): LoaderStats {
  return {
    aborted: false,
    loaded: 0,
    retry: 0,
    total: 0,
    chunkCount: 0,
    bwEstimate: 0,
    loading: { start: 0, first: 0, end: 0 },
    buffering: { start: 0, first: 0, end: 0 },
    parsing: { start: 0, end: 0 },
  };
}

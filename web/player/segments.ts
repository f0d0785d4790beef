// Invariant: no byte of a stranger reaches the decoder unless the origin's hash list names it. Every segment passes
// through here, whether p2p-media-loader fetches it (then this answers its questions) or hls.js does (then this fetches).

import type { ByteRange, HashList, Verdict } from "./hash-list";
import type { SegmentSources } from "./sources";

/** The byte range of a request: a download that was cut off goes on from `start`. */
export interface RequestRange {
  readonly start: number;
  readonly end?: number | undefined;
}

interface Attempt {
  readonly base: string;
  /** Whether all bytes come from this server. A resumed download has several senders, and none can be blamed. */
  readonly isWhole: boolean;
}

export class Segments {
  readonly #sources: SegmentSources;
  readonly #hashes: HashList | null;
  readonly #attempts = new Map<string, Attempt>();

  constructor(sources: SegmentSources, hashes: HashList | null) {
    this.#sources = sources;
    this.#hashes = hashes;
  }

  /** Chooses a server for a segment, and remembers it until the outcome is reported. */
  requestFor(url: string, range: ByteRange | undefined, asked: RequestRange | undefined, signal: AbortSignal): Request {
    const base = this.#sources.pick();
    if (base === null) throw new Error("every server sent damaged segments");
    const isWhole = (asked?.start ?? 0) === (range?.start ?? 0);
    this.#attempts.set(key(url, range), { base, isWhole });
    const headers = asked === undefined ? {} : { Range: `bytes=${asked.start}-${asked.end ?? ""}` };
    return new Request(this.#sources.at(base, url), { headers, signal });
  }

  /** Whether bytes from the server chosen last may be used; a server that sent wrong ones is not asked again. */
  async acceptFromServer(url: string, range: ByteRange | undefined, bytes: ArrayBuffer): Promise<boolean> {
    const attempt = this.#attempts.get(key(url, range));
    const verdict = await this.#verdict(url, range, bytes);
    if (verdict === "valid") return true;
    if (attempt === undefined) return false;
    if (verdict === "unknown" && this.#sources.isTrusted(attempt.base, url)) return true;
    if (attempt.isWhole) this.#sources.report(attempt.base, verdict === "invalid" ? "damaged" : "unreachable");
    this.#attempts.delete(key(url, range));
    return false;
  }

  /** Whether bytes from a peer may be used. Strictly `true` or `false`. */
  async acceptFromPeer(url: string, range: ByteRange | undefined, bytes: ArrayBuffer): Promise<boolean> {
    return this.#hashes !== null && await this.#hashes.isValid(url, range, bytes);
  }

  /** The server chosen last did not deliver. */
  failed(url: string, range: ByteRange | undefined): void {
    const attempt = this.#attempts.get(key(url, range));
    if (attempt !== undefined) this.#sources.report(attempt.base, "unreachable");
    this.#attempts.delete(key(url, range));
  }

  async #verdict(url: string, range: ByteRange | undefined, bytes: ArrayBuffer): Promise<Verdict> {
    if (this.#hashes === null) return "unknown";
    try {
      return await this.#hashes.verdict(url, range, bytes);
    } catch {
      return "unknown";
    }
  }
}

function key(url: string, range: ByteRange | undefined): string {
  return range === undefined ? url : `${url}|${range.start}-${range.end}`;
}

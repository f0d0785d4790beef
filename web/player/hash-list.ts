// Is this segment what the origin published? The origin lists the SHA-256 of every segment; peers and mirrors are
// strangers, and only a listed hash makes their bytes worth showing.

import { fileNameOf } from "./config";

/** First and last byte of a segment within its file, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** `unknown`: the list does not name this segment, or cannot be had. */
export type Verdict = "valid" | "invalid" | "unknown";

/** Loads a text, or `null` if it cannot be had. */
export type LoadText = (url: string) => Promise<string | null>;

export interface HashListOptions {
  /** Where the list may be loaded from, in this order. */
  readonly urls: readonly string[];
  /** A live list grows: a segment that is not named yet is looked for again. */
  readonly isLive: boolean;
  readonly load: LoadText;
  readonly wait: (milliseconds: number) => Promise<void>;
}

type Hashes = Record<string, string | Record<string, string>>;

const LIVE_ATTEMPTS = 10;
const LIVE_PAUSE_MS = 500;

export class HashList {
  readonly #options: HashListOptions;
  #hashes: Promise<Hashes | null> | null = null;

  constructor(options: HashListOptions) {
    this.#options = options;
  }

  async verdict(url: string, range: ByteRange | undefined, bytes: ArrayBuffer): Promise<Verdict> {
    const expected = await this.#expected(url, range);
    if (expected === null) return "unknown";
    return await sha256Hex(bytes) === expected.toLowerCase() ? "valid" : "invalid";
  }

  /**
   * Whether bytes of a stranger may be used. Always `true` or `false`: p2p-media-loader 2.2 takes `undefined`, and
   * anything that is not `false`, for a yes.
   */
  async isValid(url: string, range: ByteRange | undefined, bytes: ArrayBuffer): Promise<boolean> {
    try {
      return await this.verdict(url, range, bytes) === "valid";
    } catch {
      return false;
    }
  }

  async #expected(url: string, range: ByteRange | undefined): Promise<string | null> {
    const attempts = this.#options.isLive ? LIVE_ATTEMPTS : 2;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const list = await this.#list();
      const found = find(list, fileNameOf(url), range);
      if (found !== null) return found;
      this.#hashes = null;
      if (list === null) return null;
      if (attempt < attempts) await this.#options.wait(this.#options.isLive ? LIVE_PAUSE_MS : 0);
    }
    return null;
  }

  #list(): Promise<Hashes | null> {
    this.#hashes ??= this.#loadList();
    return this.#hashes;
  }

  async #loadList(): Promise<Hashes | null> {
    for (const url of this.#options.urls) {
      const hashes = parseHashes(await this.#options.load(url));
      if (hashes !== null) return hashes;
    }
    return null;
  }
}

function parseHashes(text: string | null): Hashes | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Hashes : null;
  } catch {
    return null;
  }
}

function find(hashes: Hashes | null, fileName: string, range: ByteRange | undefined): string | null {
  if (hashes === null || !Object.hasOwn(hashes, fileName)) return null;
  const entry = hashes[fileName];
  if (typeof entry === "string") return range === undefined ? entry : null;
  if (typeof entry !== "object" || entry === null || range === undefined) return null;
  const key = `${range.start}-${range.end}`;
  const hash = Object.hasOwn(entry, key) ? entry[key] : undefined;
  return typeof hash === "string" ? hash : null;
}

async function sha256Hex(bytes: ArrayBuffer): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

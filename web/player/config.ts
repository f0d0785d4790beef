// What the watch page tells the player, as written in `web/README.md`. Checked here once, so that nothing behind this
// file meets a missing or misspelt value.

import { parseChapters, parseStoryboard, type Chapter, type Storyboard } from "./timeline";

export interface PlayerConfig {
  /** Where the master playlist is loaded from: this server's copy if it has one, else the origin's. */
  readonly masterUrl: string;
  /** The origin's master playlist URL, verbatim: viewers of all servers meet under this name. */
  readonly swarmId: string;
  /** Hashes of all segments. Without it nothing can be checked: no peers, no mirrors. */
  readonly segmentsSha256Url: string | null;
  /** Folders that hold the segments, without a slash at the end: the origin's and each mirror's. */
  readonly baseUrls: readonly string[];
  readonly trackerUrls: readonly string[];
  readonly stunUrls: readonly string[];
  /** Whether the server allows viewers to exchange segments. */
  readonly p2pEnabled: boolean;
  readonly title: string;
  /** Seconds; 0 if not known. */
  readonly duration: number;
  readonly isLive: boolean;
  /** Where the server wants to hear that somebody is watching; empty: nowhere. */
  readonly viewsUrl: string;
  /** In the order of time. */
  readonly chapters: readonly Chapter[];
  readonly storyboard: Storyboard | null;
}

/** @throws {TypeError} naming the key that is missing or of the wrong kind. */
export function parsePlayerConfig(json: string): PlayerConfig {
  const value: unknown = JSON.parse(json);
  if (typeof value !== "object" || value === null) throw new TypeError("the player's configuration is not an object");
  const record = value as Record<string, unknown>;
  const masterUrl = httpUrl(record, "masterUrl");
  const hashes = record["segmentsSha256Url"];
  return {
    masterUrl,
    swarmId: text(record, "swarmId") || masterUrl,
    segmentsSha256Url: hashes === undefined || hashes === null || hashes === "" ? null : httpUrl(record, "segmentsSha256Url"),
    baseUrls: texts(record, "baseUrls").map(withoutTrailingSlash),
    trackerUrls: texts(record, "trackerUrls").filter((url) => /^wss?:\/\//u.test(url)),
    stunUrls: texts(record, "stunUrls"),
    p2pEnabled: record["p2pEnabled"] === true,
    title: text(record, "title"),
    duration: typeof record["duration"] === "number" ? record["duration"] : 0,
    isLive: record["isLive"] === true,
    viewsUrl: text(record, "viewsUrl"),
    chapters: parseChapters(record["chapters"]),
    storyboard: parseStoryboard(record["storyboard"]),
  };
}

/** The folder that a file lies in, without query and without a slash at the end. */
export function folderOf(url: string): string {
  return url.replace(/[?#].*$/u, "").replace(/\/[^/]*$/u, "");
}

/** The last part of a URL's path. */
export function fileNameOf(url: string): string {
  return url.replace(/[?#].*$/u, "").replace(/^.*\//u, "");
}

function text(record: Record<string, unknown>, key: string): string {
  const value = record[key] ?? "";
  if (typeof value !== "string") throw new TypeError(`${key} is not a text`);
  return value;
}

function texts(record: Record<string, unknown>, key: string): string[] {
  const value = record[key] ?? [];
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === "string")) {
    throw new TypeError(`${key} is not a list of texts`);
  }
  return value;
}

function httpUrl(record: Record<string, unknown>, key: string): string {
  const value = text(record, key);
  if (!/^https?:\/\//u.test(value)) throw new TypeError(`${key} is not an http address: ${value}`);
  return value;
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/u, "");
}

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { HashList } from "../player/hash-list";
import { Segments } from "../player/segments";
import { SegmentSources } from "../player/sources";

const home = "https://beta.test/hls/u";
const mirror = "https://gamma.test/hls/u";
const url = `${home}/v.mp4`;
const range = { start: 100, end: 102 };
const good = Uint8Array.from([1, 2, 3]).buffer;
const bad = Uint8Array.from([1, 2, 2]).buffer;
const signal = new AbortController().signal;

function setUp(text: string | null, random = () => 0.99) {
  const sources = new SegmentSources(home, [mirror], random);
  const hashes = new HashList({ urls: ["x"], isLive: false, load: async () => text, wait: async () => undefined });
  return { sources, segments: new Segments(sources, hashes) };
}

const list = JSON.stringify({ "v.mp4": { "100-102": createHash("sha256").update(new Uint8Array(good)).digest("hex") } });

test("a segment is asked for with its range at the server that was chosen", () => {
  const request = setUp(list).segments.requestFor(url, range, range, signal);
  assert.equal(request.url, `${mirror}/v.mp4`);
  assert.equal(request.headers.get("range"), "bytes=100-102");
});

test("a server that sends wrong bytes is not asked again", async () => {
  const { sources, segments } = setUp(list);
  segments.requestFor(url, range, range, signal);
  assert.strictEqual(await segments.acceptFromServer(url, range, bad), false);
  assert.equal(sources.faultOf(mirror), "damaged");
  assert.equal(segments.requestFor(url, range, range, signal).url, url);
});

test("a server is not blamed for a segment that others began", async () => {
  const { sources, segments } = setUp(list);
  segments.requestFor(url, range, { start: 101, end: 102 }, signal);
  assert.strictEqual(await segments.acceptFromServer(url, range, bad), false);
  assert.equal(sources.faultOf(mirror), null);
});

test("a server that does not deliver is not asked again", () => {
  const { sources, segments } = setUp(list);
  segments.requestFor(url, range, range, signal);
  segments.failed(url, range);
  assert.equal(sources.faultOf(mirror), "unreachable");
});

test("without hashes, only the page's own server is believed", async () => {
  const own = setUp(null, () => 0);
  own.segments.requestFor(url, range, range, signal);
  assert.strictEqual(await own.segments.acceptFromServer(url, range, good), true);
  const strange = setUp(null);
  strange.segments.requestFor(url, range, range, signal);
  assert.strictEqual(await strange.segments.acceptFromServer(url, range, good), false);
});

test("a playlist of a mirror cannot make the page's own server vouch for another address", async () => {
  const foreign = "https://evil.test/x/other.mp4";
  const { segments } = setUp(list, () => 0);
  assert.equal(segments.requestFor(foreign, range, range, signal).url, foreign);
  assert.strictEqual(await segments.acceptFromServer(foreign, range, good), false);
});

test("a peer is believed only with a listed hash", async () => {
  assert.strictEqual(await setUp(list).segments.acceptFromPeer(url, range, good), true);
  assert.strictEqual(await setUp(list).segments.acceptFromPeer(url, range, bad), false);
  assert.strictEqual(await setUp(null).segments.acceptFromPeer(url, range, good), false);
  assert.strictEqual(await new Segments(new SegmentSources(home, []), null).acceptFromPeer(url, range, good), false);
});

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { HashList, type LoadText } from "../player/hash-list";

const url = "https://alpha.test/hls/u/v-480-fragmented.mp4";
const range = { start: 1336, end: 1336 + 4095 };
const bytes = randomBytes(4096);

function listOf(segment: Uint8Array): string {
  return JSON.stringify({ "v-480-fragmented.mp4": { "1336-5431": createHash("sha256").update(segment).digest("hex") } });
}

function hashList(load: LoadText, isLive = false): HashList {
  return new HashList({ urls: ["https://alpha.test/hls/u/segments-sha256.json"], isLive, load, wait: async () => undefined });
}

function buffer(source: Uint8Array): ArrayBuffer {
  return Uint8Array.from(source).buffer;
}

test("a segment with the listed hash is valid", async () => {
  const list = hashList(async () => listOf(bytes));
  assert.strictEqual(await list.isValid(url, range, buffer(bytes)), true);
});

test("a segment with any one bit flipped is refused", async () => {
  const list = hashList(async () => listOf(bytes));
  for (const bit of [0, 7, 1000, bytes.length * 8 - 1]) {
    const damaged = Uint8Array.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.strictEqual(await list.isValid(url, range, damaged.buffer), false, `bit ${bit}`);
    assert.equal(await list.verdict(url, range, damaged.buffer), "invalid");
  }
});

test("the answer is strictly true or false, whatever the list holds", async () => {
  const lists = [null, "", "no JSON", "null", "[]", "7", "{}", `{"v-480-fragmented.mp4":null}`, `{"v-480-fragmented.mp4":{}}`,
    `{"v-480-fragmented.mp4":{"1336-5431":1}}`, `{"v-480-fragmented.mp4":"${"0".repeat(64)}"}`, `{"__proto__":{}}`];
  for (const text of lists) {
    assert.strictEqual(await hashList(async () => text).isValid(url, range, buffer(bytes)), false, String(text));
  }
});

test("a list that cannot be loaded makes bytes of strangers invalid, not valid", async () => {
  const failing = hashList(async () => { throw new Error("offline"); });
  assert.strictEqual(await failing.isValid(url, range, buffer(bytes)), false);
});

test("names that every object inherits are not taken for segments", async () => {
  const list = hashList(async () => "{}");
  assert.strictEqual(await list.isValid("https://alpha.test/hls/u/constructor", undefined, buffer(bytes)), false);
});

test("a whole file is looked up by its name, as live streams list it", async () => {
  const text = JSON.stringify({ "0-000123.ts": createHash("sha256").update(bytes).digest("hex").toUpperCase() });
  const list = hashList(async () => text, true);
  assert.strictEqual(await list.isValid("https://alpha.test/hls/u/0-000123.ts?x=1", undefined, buffer(bytes)), true);
});

test("a live list is loaded again until it names the segment", async () => {
  let loads = 0;
  const list = hashList(async () => { loads += 1; return loads < 4 ? "{}" : listOf(bytes); }, true);
  assert.strictEqual(await list.isValid(url, range, buffer(bytes)), true);
  assert.equal(loads, 4);
});

test("a finished list is loaded once for all segments", async () => {
  let loads = 0;
  const list = hashList(async () => { loads += 1; return listOf(bytes); });
  for (let segment = 0; segment < 5; segment += 1) await list.isValid(url, range, buffer(bytes));
  assert.equal(loads, 1);
});

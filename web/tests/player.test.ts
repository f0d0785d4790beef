import assert from "node:assert/strict";
import { test } from "node:test";
import { fileNameOf, folderOf, parsePlayerConfig } from "../player/config";
import { Recovery } from "../player/recovery";
import { commandFor } from "../player/shortcuts";
import { timeLabel } from "../player/time-label";
import { UploadPace, describeProgress } from "../upload/pace";

const config = { masterUrl: "https://beta.test/hls/u/master.m3u8", swarmId: "https://alpha.test/hls/u/master.m3u8" };

function key(name: string, held: Partial<{ ctrlKey: boolean; metaKey: boolean; altKey: boolean }> = {}) {
  return { key: name, ctrlKey: false, metaKey: false, altKey: false, ...held };
}

test("the swarm keeps the origin's name when the video comes from a copy", () => {
  assert.equal(parsePlayerConfig(JSON.stringify(config)).swarmId, config.swarmId);
  assert.equal(parsePlayerConfig(JSON.stringify({ ...config, swarmId: "" })).swarmId, config.masterUrl);
});

test("a configuration that cannot work is refused by the name of the key", () => {
  assert.throws(() => parsePlayerConfig(JSON.stringify({ ...config, masterUrl: "javascript:alert(1)" })), /masterUrl/u);
  assert.throws(() => parsePlayerConfig(JSON.stringify({ ...config, baseUrls: "x" })), /baseUrls/u);
  assert.throws(() => parsePlayerConfig("null"), TypeError);
});

test("only WebSocket trackers are used, and folders end without a slash", () => {
  const parsed = parsePlayerConfig(JSON.stringify({ ...config, trackerUrls: ["https://a.test/announce", "wss://a.test/tracker"], baseUrls: ["https://a.test/u/"] }));
  assert.deepEqual(parsed.trackerUrls, ["wss://a.test/tracker"]);
  assert.deepEqual(parsed.baseUrls, ["https://a.test/u"]);
  assert.strictEqual(parsed.p2pEnabled, false);
});

test("folders and file names leave queries out", () => {
  assert.equal(folderOf("https://a.test/hls/u/m.m3u8?t=/x"), "https://a.test/hls/u");
  assert.equal(fileNameOf("https://a.test/hls/u/m.m3u8?t=/x"), "m.m3u8");
});

test("keys do what people know from other players, and leave the browser's own alone", () => {
  assert.deepEqual(commandFor(key("K")), { kind: "toggle" });
  assert.deepEqual(commandFor(key("ArrowLeft")), { kind: "seek-by", seconds: -5 });
  assert.deepEqual(commandFor(key("7")), { kind: "seek-to", fraction: 0.7 });
  assert.equal(commandFor(key("f", { ctrlKey: true })), null);
  assert.equal(commandFor(key("toString")), null);
});

test("a failure is tried again by itself four times, later each time, and asked about after that", () => {
  const recovery = new Recovery();
  assert.deepEqual([0, 1, 2, 3, 4].map((now) => recovery.nextDelay(now)), [1_000, 3_000, 8_000, 15_000, null]);
});

test("after half a minute without failures, a new one counts as the first", () => {
  const recovery = new Recovery();
  recovery.nextDelay(0);
  recovery.nextDelay(1_000);
  assert.equal(recovery.nextDelay(40_000), 1_000);
});

test("times read as people write them", () => {
  assert.deepEqual([7, 751, 3849, Number.NaN].map(timeLabel), ["0:07", "12:31", "1:04:09", "0:00"]);
});

test("an upload says how long it takes only once that can be known", () => {
  const pace = new UploadPace(0);
  assert.equal(pace.secondsLeft(10, 100, 1_000), null);
  assert.equal(pace.secondsLeft(25, 100, 10_000), 30);
  assert.equal(describeProgress(500_000_000, 1_200_000_000, 180), "41 % of 1.2 GB, 3 min left");
  assert.equal(describeProgress(0, 0, null), "0 % of 0 bytes");
});

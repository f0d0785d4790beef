import assert from "node:assert/strict";
import { test } from "node:test";
import { SegmentSources } from "../player/sources";

const home = "https://beta.test/static/redundancy/hls/u";
const origin = "https://alpha.test/static/streaming-playlists/hls/u";
const mirror = "https://gamma.test/static/redundancy/hls/u";

function sources(random = () => 0): SegmentSources {
  return new SegmentSources(home, [origin, mirror], random);
}

test("every server is chosen, each as often as the others", () => {
  let step = 0;
  const even = sources(() => (step++ % 300) / 300);
  const counts = new Map<string, number>();
  for (let pick = 0; pick < 300; pick += 1) {
    const base = even.pick() ?? "none";
    counts.set(base, (counts.get(base) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(counts), { [home]: 100, [origin]: 100, [mirror]: 100 });
});

test("a server that failed is not chosen again", () => {
  const all = sources();
  all.report(home, "unreachable");
  assert.equal(all.pick(), origin);
});

test("unreachable servers are forgiven when no other is left, damaged ones are not", () => {
  const all = sources();
  all.report(home, "damaged");
  all.report(origin, "unreachable");
  all.report(mirror, "unreachable");
  assert.equal(all.pick(), origin);
  assert.equal(all.faultOf(home), "damaged");
  assert.equal(all.faultOf(mirror), null);
});

test("damage is not taken back by a later failure to connect", () => {
  const all = sources();
  all.report(mirror, "damaged");
  all.report(mirror, "unreachable");
  assert.equal(all.faultOf(mirror), "damaged");
});

test("nothing is chosen when every server sent damaged bytes", () => {
  const all = sources();
  for (const base of [home, origin, mirror]) all.report(base, "damaged");
  assert.equal(all.pick(), null);
});

test("a segment keeps its file name on every server, and loses the query of its first address", () => {
  assert.equal(sources().at(mirror, `${home}/v-480-fragmented.mp4?token=1`), `${mirror}/v-480-fragmented.mp4`);
});

test("a file of a foreign folder is left where it is", () => {
  const foreign = "https://cdn.test/keys/1.key";
  assert.equal(sources().at(mirror, foreign), foreign);
  assert.deepEqual(sources().inOrder(foreign), [{ base: "https://cdn.test/keys", url: foreign }]);
});

test("playlists are looked for on the page's own server first, and never on one that sent damaged bytes", () => {
  const all = sources();
  all.report(home, "unreachable");
  all.report(mirror, "damaged");
  assert.deepEqual(all.inOrder(`${home}/master.m3u8`).map(({ url }) => url), [`${origin}/master.m3u8`, `${home}/master.m3u8`]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { momentOf } from "../player/moments";

test("a moment is read in seconds or in hours, minutes and seconds", () => {
  assert.equal(momentOf("?start=83"), 83);
  assert.equal(momentOf("?sort=x&start=1h2m3s"), 3723);
  assert.equal(momentOf("?start=2m"), 120);
});

test("what is no moment asks for nothing", () => {
  for (const query of ["", "?start=", "?start=x", "?start=-3", "?start=1.5"]) assert.equal(momentOf(query), null, query);
});

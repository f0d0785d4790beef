import assert from "node:assert/strict";
import { test } from "node:test";
import { placeAfter, suggestionsOf } from "../search/suggestions";

test("an answer is read as texts with what they are about and where they lead", () => {
  const answer = ["se", ["Sea films"], ["Channel on tube.example"], ["https://search.example/search?search=Sea+films"]];
  assert.deepEqual(suggestionsOf(answer), [
    { text: "Sea films", about: "Channel on tube.example", href: "https://search.example/search?search=Sea+films" },
  ]);
});

test("what has another form suggests nothing", () => {
  for (const answer of [null, {}, "se", ["se"], ["se", ["a"]], ["se", ["a"], ["b"], [3]], ["se", ["a"], [], []]]) {
    assert.deepEqual(suggestionsOf(answer), []);
  }
});

test("the arrows go round the list and through the field", () => {
  assert.deepEqual([-1, 0, 1].map((place) => placeAfter("ArrowDown", place, 2)), [0, 1, -1]);
  assert.deepEqual([-1, 0, 1].map((place) => placeAfter("ArrowUp", place, 2)), [1, -1, 0]);
});

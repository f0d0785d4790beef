import assert from "node:assert/strict";
import { test } from "node:test";
import { chapterAt, parseChapters, parseStart, parseStoryboard, tileAt } from "../player/timeline";

const board = { url: "/board.jpg", width: 960, height: 216, tileWidth: 192, tileHeight: 108, tileDuration: 2 };

test("a chapter lasts until the next one begins", () => {
  const chapters = parseChapters([{ start: 60, title: "End" }, { start: 10, title: "Middle" }, { start: "x", title: "No" }, null]);
  assert.equal(chapters.length, 2);
  assert.equal(chapterAt(chapters, 5), null);
  assert.equal(chapterAt(chapters, 59.9)?.title, "Middle");
  assert.equal(chapterAt(chapters, 60)?.title, "End");
});

test("small pictures are counted in rows, and the last one stands for the rest", () => {
  assert.deepEqual(tileAt(board, 0), { x: 0, y: 0 });
  assert.deepEqual(tileAt(board, 9.9), { x: 768, y: 0 });
  assert.deepEqual(tileAt(board, 10), { x: 0, y: 108 });
  assert.deepEqual(tileAt(board, 9_999), { x: 768, y: 108 });
});

test("a storyboard that cannot be cut is none", () => {
  assert.deepEqual(parseStoryboard(board), board);
  for (const broken of [null, {}, { ...board, tileWidth: 0 }, { ...board, tileHeight: 500 }, { ...board, tileDuration: "2" }]) {
    assert.equal(parseStoryboard(broken), null);
  }
});

test("a place in the video is written in any way that links have", () => {
  for (const [text, seconds] of [["90", 90], ["90s", 90], ["1m30s", 90], ["1h2m3s", 3723], ["2m", 120]] as const) {
    assert.equal(parseStart(text), seconds, text);
  }
  for (const text of [null, "", "x", "-5", "1s2m", "1:30"]) assert.equal(parseStart(text), null);
});

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { ViewReports, type Report } from "../player/view-reports";

class Video extends EventTarget {
  currentTime = 0;
  paused = true;
  seeking = false;

  say(name: string): void {
    this.dispatchEvent(new Event(name));
  }
}

function watching(context: TestContext) {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const video = new Video();
  const sent: [Report["currentTime"], Report["viewEvent"] | "last" | undefined][] = [];
  const page = new AbortController();
  const post = {
    now: (report: Report) => { sent.push([report.currentTime, report.viewEvent]); },
    last: (report: Report) => { sent.push([report.currentTime, "last"]); },
  };
  new ViewReports(video, post, page.signal);
  return { video, sent, page };
}

test("a viewer is heard of when they begin and every ten seconds", (context) => {
  const { video, sent } = watching(context);
  video.say("playing");
  video.currentTime = 9.9;
  context.mock.timers.tick(10_000);
  assert.deepEqual(sent, [[0, undefined], [9, undefined]]);
});

test("a paused video says nothing", (context) => {
  const { video, sent } = watching(context);
  context.mock.timers.tick(60_000);
  video.say("playing");
  video.say("pause");
  context.mock.timers.tick(60_000);
  assert.equal(sent.length, 2);
});

test("a jump is told as one, but not before anything was watched", (context) => {
  const { video, sent } = watching(context);
  video.say("seeked");
  video.say("playing");
  video.currentTime = 300;
  video.say("seeked");
  assert.deepEqual(sent, [[0, undefined], [300, "seek"]]);
});

test("whoever leaves while watching is heard of once more", (context) => {
  const { video, sent, page } = watching(context);
  video.say("playing");
  video.currentTime = 7;
  page.abort();
  context.mock.timers.tick(60_000);
  assert.deepEqual(sent, [[0, undefined], [7, "last"]]);
});

// The player's own controls: keys, what it remembers, and who can see your address.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alpha, openClip, play, playsOn, playsToItsEnd, withPage } from "./support.mjs";

const video = (page, read) => page.evaluate(`(${read})(document.querySelector("video-player video"))`);

test("keys play, pause, seek and mute", async () => {
  await withPage({}, async (page) => {
    await openClip(page, alpha);
    await play(page);
    await playsOn(page);
    await page.keyboard.press("k");
    assert.equal(await video(page, (v) => v.paused), true);
    await page.keyboard.press("5");
    const halfway = await video(page, (v) => Math.abs(v.currentTime - v.duration / 2));
    assert.ok(halfway < 0.5, `${halfway} s from the middle`);
    await page.keyboard.press("m");
    assert.equal(await video(page, (v) => v.muted), true);
  });
});

test("the line beside the player says who sees your address, and remembers the choice", async () => {
  await withPage({}, async (page) => {
    await openClip(page, alpha);
    const line = page.locator(".player-note");
    const toggle = line.getByRole("switch");
    await toggle.waitFor();
    assert.match(await line.innerText(), /Other viewers can see your address/u);
    await toggle.click();
    assert.match(await line.innerText(), /Only the servers/u);
    await page.reload();
    await toggle.waitFor();
    assert.equal(await toggle.isChecked(), false);
  });
});

test("a player that grows changes to a better quality and plays on", async () => {
  await withPage({ viewport: { width: 360, height: 740 } }, async (page) => {
    await openClip(page, alpha);
    await play(page);
    await playsOn(page);
    await page.setViewportSize({ width: 1440, height: 900 });
    const { currentTime, duration, error } = await playsToItsEnd(page);
    assert.equal(error, null);
    assert.ok(duration - currentTime < 0.5, `stopped at ${currentTime} of ${duration} s`);
    assert.equal(await page.locator(".player-problem").isVisible(), false);
  });
});

test("what was watched can be watched again from the start", async () => {
  await withPage({}, async (page) => {
    await openClip(page, alpha);
    await play(page);
    await playsToItsEnd(page);
    await page.getByRole("button", { name: "Play again" }).click();
    await playsToItsEnd(page);
    assert.equal(await page.locator(".player-problem").isVisible(), false);
  });
});

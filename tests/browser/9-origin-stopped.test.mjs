// What mirrors are for: the original server is gone, and the video plays. The last file to run, since it stops alpha.
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { before, test } from "node:test";
import { alpha, beta, clipLink, openClip, play, playsToItsEnd, withPage } from "./support.mjs";

before(async () => {
  await withPage({}, async (page) => {
    await page.goto(beta);
    assert.equal(await clipLink(page).count(), 1, "beta's home page lists alpha's video while alpha runs");
  });
  await stopAlpha();
});

for (const p2p of ["on", "off"]) {
  test(`with alpha stopped, its video plays from start to end on beta, sharing ${p2p}`, async () => {
    await withPage({}, async (page) => {
      const answers = [];
      page.on("response", (response) => { if (new URL(response.url()).host === new URL(alpha).host) answers.push(response.url()); });
      await page.addInitScript((choice) => localStorage.setItem("shoal.player.p2p", choice), p2p);
      await openClip(page, beta);
      await play(page);
      const { currentTime, duration, error, videoWidth } = await playsToItsEnd(page);
      assert.equal(error, null);
      assert.ok(videoWidth > 0, "no picture");
      assert.ok(duration > 1 && duration - currentTime < 0.5, `stopped at ${currentTime} of ${duration} s`);
      assert.deepEqual(answers, [], "alpha answered");
    });
  });
}

test("with alpha stopped, beta's page says whose copy it is", async () => {
  await withPage({}, async (page) => {
    await openClip(page, beta);
    assert.match(await page.locator(".watch-about").innerText(), /copy/iu);
    assert.ok((await page.locator(".watch").innerText()).includes(new URL(alpha).hostname));
  });
});

async function stopAlpha() {
  const pid = Number(process.env.SHOAL_ALPHA_PID);
  assert.ok(pid > 1, "SHOAL_ALPHA_PID must name alpha's process");
  process.kill(pid, "SIGTERM");
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      await fetch(`${alpha}/healthz`, { signal: AbortSignal.timeout(1_000) });
    } catch {
      return;
    }
    await wait(100);
  }
  assert.fail("alpha still answers ten seconds after it was told to stop");
}

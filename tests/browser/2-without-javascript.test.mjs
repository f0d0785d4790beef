// Every page reads, and every form works, without scripts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alpha, beta, clip, clipLink, openClip, search, withPage } from "./support.mjs";

const withoutScripts = { javaScriptEnabled: false };

for (const [name, server] of [["alpha", alpha], ["beta", beta]]) {
  test(`the home page of ${name} lists the videos`, async () => {
    await withPage(withoutScripts, async (page) => {
      await page.goto(server);
      assert.ok(await page.locator(".video-card").count() >= 3);
      assert.match(await clipLink(page).innerText(), clip.title);
      assert.notEqual(await page.locator(".video-card-host").first().innerText(), "");
    });
  });

  test(`the watch page of ${name} has a video element with a source and controls`, async () => {
    await withPage(withoutScripts, async (page) => {
      await openClip(page, server);
      const video = page.locator(".watch video");
      const source = await video.getAttribute("src") ?? await video.locator("source").first().getAttribute("src");
      assert.ok(source, "no source");
      assert.notEqual(await video.getAttribute("controls"), null);
      const answer = await page.request.get(new URL(source, page.url()).href);
      assert.ok(answer.ok(), `the source answers ${answer.status()}`);
    });
  });
}

test("the search form finds videos, and its pages are links", async () => {
  await withPage(withoutScripts, async (page) => {
    await page.goto(search);
    const box = page.locator("main input[name=search], #site-search").first();
    await box.fill("bunny");
    await box.press("Enter");
    assert.match(await clipLink(page).innerText(), clip.title);

    const second = new URL(page.url());
    second.searchParams.set("page", "2");
    await page.goto(second.href);
    const back = page.locator("main .pagination a, main .empty a").first();
    await back.click();
    assert.match(await clipLink(page).innerText(), clip.title);
  });
});

test("logging in with a wrong password says so", async () => {
  await withPage(withoutScripts, async (page) => {
    await page.goto(`${alpha}/login`);
    await page.locator("main input[name=username]").fill("root");
    await page.locator("main input[type=password]").fill("not the password");
    await page.locator("main form [type=submit]").first().click();
    assert.match(await page.locator("main").innerText(), /password/iu);
    assert.equal(await page.locator("main [role=alert]").count(), 1);
  });
});

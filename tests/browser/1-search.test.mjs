// From a mistyped word on the search site to a moving picture on the server that has it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { alpha, clip, clipLink, play, playsOn, search, withPage } from "./support.mjs";

test("a word with one letter wrong finds the video, which then plays on its own server", async () => {
  await withPage({}, async (page) => {
    await page.goto(search);
    const box = page.locator("main input[name=search], #site-search").first();
    await box.fill(clip.mistyped);
    await box.press("Enter");
    await page.waitForURL(/\/search\?/u);
    assert.match(await clipLink(page).innerText(), clip.title);

    await clipLink(page).click();
    await page.waitForSelector(".watch video");
    assert.equal(new URL(page.url()).host, new URL(alpha).host);
    assert.match(await page.locator("h1").first().innerText(), clip.title);

    await play(page);
    await playsOn(page);
  });
});

test("a slash leads to the search box from anywhere", async () => {
  await withPage({}, async (page) => {
    await page.goto(alpha);
    await page.waitForFunction(() => customElements.get("search-box") !== undefined);
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "site-search");
    assert.equal(await page.inputValue("#site-search"), "");
  });
});

test("what is typed is completed, and the arrow keys choose", async () => {
  await withPage({}, async (page) => {
    await page.goto(search);
    const box = page.locator("#home-search");
    const list = page.locator("#home-search-suggestions");
    await page.waitForFunction(() => customElements.get("search-box") !== undefined);
    await box.pressSequentially(clip.beginning);
    await list.getByRole("option").first().waitFor();
    assert.equal(await box.getAttribute("aria-expanded"), "true");

    await box.press("Escape");
    assert.ok(await list.isHidden());
    assert.equal(await box.inputValue(), clip.beginning, "what was typed stays");

    await box.press("End");
    await box.pressSequentially(" ");
    await list.getByRole("option", { name: clip.title }).first().waitFor();
    await box.press("ArrowUp");
    await box.press("ArrowUp");
    await box.press("ArrowDown");
    assert.equal(await box.getAttribute("aria-activedescendant"), await list.getByRole("option").last().getAttribute("id"));
    await list.getByRole("option", { name: clip.title }).first().click();
    await page.waitForURL(/\/search\?search=/u);
    assert.match(await clipLink(page).innerText(), clip.title);
  });
});

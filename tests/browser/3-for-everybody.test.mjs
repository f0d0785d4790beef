// Pages that anybody can use: no serious fault found by axe, in both themes, and nothing wider than a phone.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { alpha, beta, openClip, search, withPage } from "./support.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const pages = {
  "the home page": (page) => page.goto(alpha),
  "the watch page": (page) => openClip(page, alpha),
  "the watch page of a copy": (page) => openClip(page, beta),
  "the log-in page": (page) => page.goto(`${alpha}/login`),
  "the search site": (page) => page.goto(search),
  "the results": (page) => page.goto(`${search}/search?search=bunny`),
  "a page that does not exist": (page) => page.goto(`${alpha}/no/such/page`),
};

for (const [name, open] of Object.entries(pages)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${name} has no serious accessibility fault in the ${colorScheme} theme`, async () => {
      // The checker is a script of ours that the page's own policy would refuse.
      await withPage({ colorScheme, bypassCSP: true }, async (page) => {
        await open(page);
        await page.addScriptTag({ path: axe });
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`), []);
      });
    });
  }

  test(`${name} fits a phone of 360 pixels`, async () => {
    await withPage({ viewport: { width: 360, height: 740 } }, async (page) => {
      await open(page);
      await page.waitForLoadState("load");
      const { content, screen } = await page.evaluate(() => ({ content: document.documentElement.scrollWidth, screen: innerWidth }));
      assert.ok(content <= screen, `${content} pixels wide`);
    });
  });
}

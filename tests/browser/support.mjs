// A browser in front of the demo network, whose addresses are in the environment.
import { chromium } from "playwright-core";

export const alpha = address("SHOAL_ALPHA");
export const beta = address("SHOAL_BETA");
export const search = address("SHOAL_SEARCH");

/** The demo's clip of real footage, a few seconds long, its word with one letter wrong, and how somebody begins to type it. */
export const clip = { title: /Big Buck Bunny/u, mistyped: "bunmy", beginning: "big bu" };

const START_TIMEOUT_MS = 30_000;

/** Runs `use` with a browser, and closes that whatever happens. */
export async function withBrowser(use) {
  const browser = await chromium.launch({
    executablePath: process.env.SHOAL_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    ],
  });
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

/** Opens a page, hands it to `use`, and fails if one of its scripts threw or its content policy was broken. */
export async function withPage(options, use) {
  const problems = [];
  await withBrowser(async (browser) => {
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => { if (/Content Security Policy/u.test(message.text())) problems.push(message.text()); });
    await use(page);
  });
  if (problems.length > 0) throw new Error(`the page's scripts failed: ${problems.join("; ")}`);
}

/** The link of the demo's clip on a page that lists videos. */
export function clipLink(page) {
  return page.locator(".video-card-title a").filter({ hasText: clip.title }).first();
}

/** Opens the watch page of the demo's clip, by way of a server's home page. */
export async function openClip(page, server) {
  await page.goto(server);
  await clipLink(page).click();
  await page.waitForSelector(".watch video");
}

export async function play(page) {
  await page.locator("video-player .player-big-play").click();
}

/** Waits until the video's time moves on by itself. */
export async function playsOn(page) {
  await page.waitForFunction(() => {
    const video = document.querySelector("video-player video");
    return video !== null && video.currentTime > 0.5 && (!video.paused || video.ended);
  }, null, { timeout: START_TIMEOUT_MS });
}

/** Waits until the video has ended, and says where it stopped and how long it is. */
export async function playsToItsEnd(page) {
  await playsOn(page);
  const duration = await page.evaluate(() => document.querySelector("video-player video").duration);
  await page.waitForFunction(() => document.querySelector("video-player video").ended, null, { timeout: duration * 1000 + START_TIMEOUT_MS });
  return page.evaluate(() => {
    const { currentTime, duration: length, error, videoWidth } = document.querySelector("video-player video");
    return { currentTime, duration: length, error: error?.message ?? null, videoWidth };
  });
}

function address(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must hold an address of the demo network`);
  return value.replace(/\/+$/u, "");
}

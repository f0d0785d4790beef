// Joins the icons that the pages use into one SVG file, each a `<symbol>` with the icon's name as its id.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const lucide = join(here, "../node_modules/lucide-static/icons");

/** Icons of the Lucide set (ISC licence), by their names there. */
const names = [
  "arrow-left", "bell", "check", "chevron-down", "chevron-left", "chevron-right", "circle-alert", "circle-check", "circle-user",
  "compass", "copy", "download", "film", "flag", "globe", "house", "info", "library", "list", "list-filter", "list-plus", "log-in", "log-out", "maximize",
  "menu", "minimize", "moon", "pause", "picture-in-picture-2", "play", "radio", "rectangle-horizontal", "rotate-cw", "search",
  "server", "settings", "share-2", "shield", "sun", "thumbs-down", "thumbs-up", "triangle-alert", "upload", "user", "users",
  "volume-1", "volume-2", "volume-x", "x",
];

/** Our own signs, drawn in `icons/`. */
const own = ["shoal"];

export async function iconSprite() {
  const symbols = [
    ...await Promise.all(names.map(async (name) => symbol(name, await readFile(join(lucide, `${name}.svg`), "utf8"), lineStyle))),
    ...await Promise.all(own.map(async (name) => symbol(name, await readFile(join(here, `${name}.svg`), "utf8"), solidStyle))),
  ];
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
}

const lineStyle = ` fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"`;
const solidStyle = ` fill="currentColor"`;

function symbol(name, svg, style) {
  const inner = /<svg[^>]*>([\s\S]*)<\/svg>/u.exec(svg)?.[1];
  if (!inner) throw new Error(`${name}.svg holds no <svg> element`);
  return `<symbol id="${name}" viewBox="0 0 24 24"${style}>${inner.replace(/\s+/gu, " ").trim()}</symbol>`;
}

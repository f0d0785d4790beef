import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const tokens = readFileSync("styles/tokens.css", "utf8");
const surfaces = ["surface-0", "surface-1", "surface-2"];

/** Text on what it lies on, which must reach 4.5 : 1 in both themes (WCAG 2.2, 1.4.3). */
const pairs: [string, string][] = [
  ...["text-1", "text-2", "text-3"].flatMap((text) => surfaces.map((surface): [string, string] => [text, surface])),
  ["text-1", "surface-3"],
  ["accent", "surface-0"], ["accent", "surface-1"], ["accent", "accent-soft"], ["on-accent", "accent"], ["on-accent", "accent-strong"],
  ["danger", "surface-1"], ["danger", "danger-soft"], ["warning", "warning-soft"], ["success", "success-soft"],
  ["text-1", "danger-soft"], ["text-1", "warning-soft"], ["text-1", "success-soft"],
];

for (const [theme, column] of [["light", 0], ["dark", 1]] as const) {
  for (const [text, surface] of pairs) {
    test(`${text} can be read on ${surface} in the ${theme} theme`, () => {
      const ratio = contrast(colour(text, column), colour(surface, column));
      assert.ok(ratio >= 4.5, `${ratio.toFixed(2)} : 1`);
    });
  }
  for (const line of ["line-strong", "focus"]) {
    test(`${line} can be seen on every surface in the ${theme} theme`, () => {
      for (const surface of surfaces) assert.ok(contrast(colour(line, column), colour(surface, column)) >= 3, surface);
    });
  }
}

function colour(name: string, column: 0 | 1): number[] {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`, "u").exec(tokens);
  assert.ok(found, `no colour ${name}`);
  const hex = found[column + 1] ?? "";
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
}

function contrast(a: number[], b: number[]): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(channels: number[]): number {
  const [red = 0, green = 0, blue = 0] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

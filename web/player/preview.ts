// What shows above the time line where the pointer is: the moment, its chapter, and a small picture of it.

import { element } from "../shared/dom";
import { timeLabel } from "./time-label";
import { chapterAt, tileAt, type Chapter, type Storyboard } from "./timeline";

export class Preview {
  readonly box = element("div", { class: "player-preview", "aria-hidden": "true", hidden: true });
  readonly #picture = element("div", { class: "player-preview-picture", hidden: true });
  readonly #words = element("span", { class: "player-preview-words" });
  readonly #chapters: readonly Chapter[];
  readonly #storyboard: Storyboard | null;

  constructor(seek: HTMLInputElement, chapters: readonly Chapter[], storyboard: Storyboard | null, duration: () => number) {
    this.#chapters = chapters;
    this.#storyboard = storyboard;
    this.box.append(this.#picture, this.#words);
    seek.addEventListener("pointermove", ({ clientX }) => {
      const { left, width, right } = seek.getBoundingClientRect();
      const isReversed = getComputedStyle(seek).direction === "rtl";
      const fraction = width > 0 ? (isReversed ? right - clientX : clientX - left) / width : 0;
      this.#show(Math.min(1, Math.max(0, fraction)), duration());
    });
    for (const name of ["pointerleave", "pointercancel", "blur"]) seek.addEventListener(name, () => { this.box.hidden = true; });
  }

  #show(fraction: number, duration: number): void {
    const seconds = fraction * duration;
    const chapter = chapterAt(this.#chapters, seconds);
    this.#words.textContent = chapter === null ? timeLabel(seconds) : `${chapter.title} · ${timeLabel(seconds)}`;
    if (this.#storyboard !== null) this.#showPicture(this.#storyboard, seconds);
    this.box.style.setProperty("--at", String(fraction));
    this.box.hidden = duration <= 0;
  }

  #showPicture(board: Storyboard, seconds: number): void {
    const { x, y } = tileAt(board, seconds);
    const { style } = this.#picture;
    style.inlineSize = `${board.tileWidth}px`;
    style.blockSize = `${board.tileHeight}px`;
    style.backgroundImage = `url(${JSON.stringify(new URL(board.url, location.href).href)})`;
    style.backgroundPosition = `-${x}px -${y}px`;
    this.#picture.hidden = false;
  }
}

// The bar under the picture: what it shows follows the video element's events, what it does goes to the video element.

import { element, icon, setIcon } from "../shared/dom";
import type { PlayerConfig } from "./config";
import type { Quality } from "./playback";
import { remember, remembered } from "./preferences";
import { Preview } from "./preview";
import type { Command } from "./shortcuts";
import { timeLabel } from "./time-label";
import { words } from "./words";

export interface ControlActions {
  chooseQuality(index: number): void;
}

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;
const VOLUME_STEP = 0.05;

export class Controls {
  readonly bar: HTMLElement;
  readonly #video: HTMLVideoElement;
  readonly #stage: HTMLElement;
  readonly #isLive: boolean;
  readonly #knownDuration: number;
  readonly #play = button("play", words.play);
  readonly #mute = button("volume-2", words.mute);
  readonly #fullscreen = button("maximize", words.fullscreen);
  readonly #seek = slider("player-seek", words.position);
  readonly #volume = slider("player-volume", words.volume);
  readonly #marks = element("div", { class: "player-marks", "aria-hidden": "true" });
  readonly #time = element("span", { class: "player-time" });
  readonly #quality = element("select", { class: "player-select" });
  readonly #automatic = element("option", { value: -1 }, words.automatic);
  readonly #preview: Preview;
  #isSeeking = false;

  constructor(stage: HTMLElement, video: HTMLVideoElement, config: PlayerConfig, actions: ControlActions) {
    this.#stage = stage;
    this.#video = video;
    this.#knownDuration = config.duration;
    this.#isLive = config.isLive;
    this.#preview = new Preview(this.#seek, config.chapters, config.storyboard, () => this.#duration());
    this.#markChapters(config);
    this.#volume.max = "1";
    this.#volume.step = "0.05";
    this.bar = this.#build(actions);
    this.#restoreChoices();
    this.#follow();
    this.#refresh();
  }

  obey(command: Command): void {
    const video = this.#video;
    switch (command.kind) {
      case "toggle": return this.toggle();
      case "seek-by": return this.#seekTo(video.currentTime + command.seconds);
      case "seek": return this.#seekTo(command.seconds);
      case "seek-to": return this.#seekTo(this.#duration() * command.fraction);
      case "volume-by": return this.#setVolume(video.volume + command.steps * VOLUME_STEP);
      case "mute": video.muted = !video.muted; return;
      case "fullscreen": return this.toggleFullscreen();
      case "theatre": return this.#toggleTheatre();
    }
  }

  toggle(): void {
    if (this.#video.paused || this.#video.ended) void this.#video.play().catch(() => undefined);
    else this.#video.pause();
  }

  toggleFullscreen(): void {
    if (document.fullscreenElement === null) enterFullscreen(this.#stage, this.#video);
    else void document.exitFullscreen();
  }

  showQualities(qualities: readonly Quality[]): void {
    const chosen = this.#quality.value;
    const options = qualities.map(({ index, label }) => element("option", { value: index }, label));
    this.#quality.replaceChildren(this.#automatic, ...options);
    this.#quality.value = chosen === "" ? "-1" : chosen;
    this.#quality.disabled = qualities.length < 2;
  }

  showQuality(label: string): void {
    this.#automatic.textContent = label === "" ? words.automatic : words.automaticNow(label);
  }

  #build(actions: ControlActions): HTMLElement {
    this.#play.addEventListener("click", () => this.toggle());
    this.#mute.addEventListener("click", () => { this.#video.muted = !this.#video.muted; });
    this.#fullscreen.addEventListener("click", () => this.toggleFullscreen());
    this.#quality.addEventListener("change", () => actions.chooseQuality(Number(this.#quality.value)));
    this.#volume.addEventListener("input", () => this.#setVolume(Number(this.#volume.value)));
    this.#seek.addEventListener("input", () => { this.#isSeeking = true; this.#showTime(Number(this.#seek.value)); });
    this.#seek.addEventListener("change", () => { this.#isSeeking = false; this.#seekTo(Number(this.#seek.value)); });
    this.showQualities([]);
    return element("div", { class: "player-bar", role: "group", "aria-label": words.controls },
      this.#preview.box,
      element("div", { class: "player-line" }, this.#seek, this.#marks),
      element("div", { class: "player-row" },
        this.#play,
        element("span", { class: "player-sound" }, this.#mute, this.#volume),
        this.#time,
        element("span", { class: "player-space" }),
        this.#settings(),
        ...this.#pictureInPicture(),
        this.#theatreButton(),
        this.#fullscreen,
      ),
    );
  }

  #settings(): HTMLElement {
    const speed = element("select", { class: "player-select" }, ...SPEEDS.map((rate) =>
      element("option", { value: rate }, rate === 1 ? words.normalSpeed : `${rate}×`)));
    speed.value = "1";
    speed.addEventListener("change", () => { this.#video.playbackRate = Number(speed.value); });
    const summary = element("summary", { class: "player-button", "aria-label": words.settings, title: words.settings }, icon("settings"));
    const menu = element("details", { class: "player-settings" }, summary,
      element("div", { class: "player-menu" },
        element("label", { class: "player-choice" }, words.quality, this.#quality),
        element("label", { class: "player-choice" }, words.speed, speed),
        ...this.#captions()));
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      summary.focus();
    });
    document.addEventListener("pointerdown", ({ target }) => { if (target instanceof Node && !menu.contains(target)) menu.open = false; });
    return menu;
  }

  /** A choice among the `<track>`s of the page, if there are any. */
  #captions(): HTMLElement[] {
    const tracks = [...this.#video.querySelectorAll("track")];
    if (tracks.length === 0) return [];
    const choice = element("select", { class: "player-select" }, element("option", { value: "" }, words.noCaptions),
      ...tracks.map((track) => element("option", { value: track.srclang }, track.label)));
    const show = () => {
      for (const track of tracks) track.track.mode = track.srclang === choice.value ? "showing" : "disabled";
    };
    const wanted = remembered("captions") ?? "";
    choice.value = tracks.some((track) => track.srclang === wanted) ? wanted : "";
    choice.addEventListener("change", () => {
      remember("captions", choice.value);
      show();
    });
    show();
    return [element("label", { class: "player-choice" }, words.captions, choice)];
  }

  /** Notches where chapters begin. */
  #markChapters({ chapters, duration }: PlayerConfig): void {
    const starts = chapters.map(({ start }) => start).filter((start) => start > 0 && start < duration);
    this.#marks.append(...starts.map((start) => {
      const mark = element("span", { class: "player-mark" });
      mark.style.setProperty("--at", String(start / duration));
      return mark;
    }));
  }

  #pictureInPicture(): HTMLElement[] {
    if (!document.pictureInPictureEnabled) return [];
    const toggle = button("picture-in-picture-2", words.pictureInPicture, "player-wide-only");
    toggle.addEventListener("click", () => {
      if (document.pictureInPictureElement === null) void this.#video.requestPictureInPicture().catch(() => undefined);
      else void document.exitPictureInPicture();
    });
    return [toggle];
  }

  #theatreButton(): HTMLElement {
    const toggle = button("rectangle-horizontal", words.theatre, "player-wide-only");
    toggle.addEventListener("click", () => this.#toggleTheatre());
    return toggle;
  }

  #toggleTheatre(): void {
    const watch = this.#stage.closest(".watch");
    const isWide = watch?.classList.toggle("watch-theatre") ?? false;
    remember("theatre", String(isWide));
  }

  #restoreChoices(): void {
    const volume = Number(remembered("volume") ?? "1");
    this.#video.volume = volume >= 0 && volume <= 1 ? volume : 1;
    if (remembered("muted") === "true") this.#video.muted = true;
    if (remembered("theatre") === "true") this.#stage.closest(".watch")?.classList.add("watch-theatre");
  }

  #follow(): void {
    const refresh = () => this.#refresh();
    for (const name of ["play", "pause", "ended", "timeupdate", "durationchange", "progress", "seeked", "loadedmetadata"]) {
      this.#video.addEventListener(name, refresh);
    }
    this.#video.addEventListener("volumechange", () => {
      remember("volume", String(this.#video.volume));
      remember("muted", String(this.#video.muted));
      this.#refreshVolume();
    });
    document.addEventListener("fullscreenchange", () => {
      const isFull = document.fullscreenElement === this.#stage;
      label(this.#fullscreen, isFull ? "minimize" : "maximize", isFull ? words.exitFullscreen : words.fullscreen);
    });
    this.#refreshVolume();
  }

  #refresh(): void {
    const { paused, ended, currentTime } = this.#video;
    const [sign, name] = ended ? ["rotate-cw", words.replay] : paused ? ["play", words.play] : ["pause", words.pause];
    label(this.#play, sign ?? "play", name ?? words.play);
    this.#seek.max = String(this.#duration());
    if (this.#isSeeking) return;
    this.#seek.value = String(currentTime);
    this.#showTime(currentTime);
  }

  #showTime(at: number): void {
    const duration = this.#duration();
    const text = this.#isLive ? words.live : `${timeLabel(at)} / ${timeLabel(duration)}`;
    if (this.#time.textContent !== text) this.#time.textContent = text;
    this.#seek.setAttribute("aria-valuetext", words.positionOf(timeLabel(at), timeLabel(duration)));
    this.#seek.style.setProperty("--played", percent(at, duration));
    this.#seek.style.setProperty("--buffered", percent(bufferedEnd(this.#video), duration));
  }

  #refreshVolume(): void {
    const { muted, volume } = this.#video;
    const isSilent = muted || volume === 0;
    label(this.#mute, isSilent ? "volume-x" : volume < 0.5 ? "volume-1" : "volume-2", isSilent ? words.unmute : words.mute);
    this.#volume.value = String(muted ? 0 : volume);
    this.#volume.setAttribute("aria-valuetext", `${Math.round((muted ? 0 : volume) * 100)} %`);
    this.#volume.style.setProperty("--played", percent(muted ? 0 : volume, 1));
  }

  #setVolume(volume: number): void {
    this.#video.muted = false;
    this.#video.volume = Math.min(1, Math.max(0, volume));
  }

  #seekTo(seconds: number): void {
    this.#video.currentTime = Math.min(this.#duration(), Math.max(0, seconds));
    this.#refresh();
  }

  #duration(): number {
    const { duration, seekable } = this.#video;
    if (Number.isFinite(duration) && duration > 0) return duration;
    return seekable.length > 0 ? seekable.end(seekable.length - 1) : this.#knownDuration;
  }
}

function button(sign: string, name: string, extra = ""): HTMLButtonElement {
  return element("button", { type: "button", class: `player-button ${extra}`.trim(), "aria-label": name, title: name }, icon(sign));
}

function label(node: HTMLButtonElement, sign: string, name: string): void {
  if (node.title === name && node.dataset["sign"] === sign) return;
  node.title = name;
  node.dataset["sign"] = sign;
  node.setAttribute("aria-label", name);
  const svg = node.querySelector("svg");
  if (svg !== null) setIcon(svg, sign);
}

function slider(className: string, name: string): HTMLInputElement {
  return element("input", { type: "range", class: className, min: 0, max: 0, step: "any", value: 0, "aria-label": name });
}

function percent(part: number, whole: number): string {
  return `${whole > 0 ? Math.min(100, (part / whole) * 100) : 0}%`;
}

function bufferedEnd({ buffered, currentTime }: HTMLVideoElement): number {
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime && currentTime <= buffered.end(index)) return buffered.end(index);
  }
  return currentTime;
}

function enterFullscreen(stage: HTMLElement, video: HTMLVideoElement): void {
  const onPhone = video as HTMLVideoElement & { webkitEnterFullscreen?: () => void };
  if (typeof stage.requestFullscreen === "function") void stage.requestFullscreen().catch(() => undefined);
  else onPhone.webkitEnterFullscreen?.();
}

// `<video-player>`: takes over the page's plain `<video>`, streams it from every server and viewer that has it, and puts
// controls over it. Without this file the page's own `<video controls>` stays as it is.

import { parsePlayerConfig, type PlayerConfig } from "../player/config";
import { Controls } from "../player/controls";
import { followMoments, momentOf } from "../player/moments";
import { element, icon } from "../shared/dom";
import type { Playback } from "../player/playback";
import { SharingNote, sharingIsWanted } from "../player/sharing-note";
import { commandFor } from "../player/shortcuts";
import { ViewReports, postTo } from "../player/view-reports";
import { words, type Problem } from "../player/words";

const IDLE_AFTER_MS = 3_000;

class VideoPlayer extends HTMLElement {
  #video: HTMLVideoElement | null = null;
  #controls: Controls | null = null;
  #note: SharingNote | null = null;
  #playback: Playback | null = null;
  #retry: () => void = () => location.reload();
  readonly #lifetime = new AbortController();
  readonly #stage = element("div", { class: "player-stage" });
  readonly #status = element("p", { class: "player-status", role: "status" });
  readonly #problem = element("div", { class: "player-problem", role: "alert", hidden: true });
  #idle: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    const video = this.querySelector("video");
    if (video === null || this.#video !== null) return;
    this.#video = video;
    try {
      const config = parsePlayerConfig(this.querySelector("script.player-config")?.textContent ?? "");
      this.#takeOver(video, config);
      void this.#start(video, config);
    } catch (error) {
      console.error(error);
      this.#stand(video);
      this.#showProblem(words.problem.page);
    }
  }

  disconnectedCallback(): void {
    this.#lifetime.abort();
    this.#playback?.destroy();
  }

  #takeOver(video: HTMLVideoElement, config: PlayerConfig): void {
    this.#stand(video);
    video.controls = false;
    video.removeAttribute("src");
    video.replaceChildren(...video.querySelectorAll("track"));
    video.load();
    const controls = new Controls(this.#stage, video, config, {
      chooseQuality: (index) => this.#playback?.chooseQuality(index),
    });
    this.#controls = controls;
    this.#stage.append(this.#bigPlay(controls), element("span", { class: "player-spinner", "aria-hidden": "true" }), controls.bar);
    this.#listenToPointer(video, controls);
    this.#listenToKeys(controls);
    this.#followState(video);
    followMoments(video, this, this.#lifetime.signal);
    this.#reportViews(video, config);
    if ("mediaSession" in navigator && config.title !== "") navigator.mediaSession.metadata = new MediaMetadata({ title: config.title });
  }

  #reportViews(video: HTMLVideoElement, config: PlayerConfig): void {
    if (config.viewsUrl === "") return;
    const { signal } = this.#lifetime;
    const reports = new ViewReports(video, postTo(config.viewsUrl), signal);
    addEventListener("pagehide", () => reports.leave(), { signal });
  }

  /** Puts the video on a stage of its own, which is what fills the screen. */
  #stand(video: HTMLVideoElement): void {
    video.replaceWith(this.#stage);
    this.#stage.append(video, this.#status, this.#problem);
  }

  async #start(video: HTMLVideoElement, config: PlayerConfig): Promise<void> {
    if (!("MediaSource" in window || "ManagedMediaSource" in window)) return this.#playNatively(video, config);
    try {
      const { Playback } = await import("../player/playback");
      if (this.#lifetime.signal.aborted) return;
      if (!Playback.isSupported()) return this.#playNatively(video, config);
      this.#note = new SharingNote(this.#noteLine(), Playback.canShare(config), (active) => this.#playback?.share(active));
      const playback = new Playback(video, config, sharingIsWanted(), {
        onQualities: (qualities) => this.#controls?.showQualities(qualities),
        onQuality: (label) => this.#controls?.showQuality(label),
        onPeers: (count) => this.#note?.showPeers(count),
        onReconnecting: (active) => { this.#status.textContent = active ? words.reconnecting : ""; },
        onProblem: (problem) => this.#showProblem(problem),
      });
      this.#playback = playback;
      this.#retry = () => playback.retry();
      playback.start(momentOf(location.search) ?? -1);
      if (video.autoplay) void video.play().catch(() => undefined);
    } catch (error) {
      console.error(error);
      this.#showProblem(words.problem.page);
    }
  }

  #playNatively(video: HTMLVideoElement, config: PlayerConfig): void {
    if (video.canPlayType("application/vnd.apple.mpegurl") === "") return this.#showProblem(words.problem.unsupported);
    new SharingNote(this.#noteLine(), false, () => undefined);
    const hosts = [new URL(config.masterUrl).host];
    video.addEventListener("error", () => this.#showProblem(words.problem.unreachable(hosts)));
    const play = () => { video.src = config.masterUrl; };
    this.#retry = () => {
      const { currentTime } = video;
      play();
      video.currentTime = currentTime;
    };
    play();
    const moment = momentOf(location.search);
    if (moment !== null) video.addEventListener("loadedmetadata", () => { video.currentTime = moment; }, { once: true });
  }

  #noteLine(): HTMLElement {
    const kept = this.querySelector<HTMLElement>(".player-note");
    if (kept !== null) return kept;
    const line = element("p", { class: "player-note" });
    this.append(line);
    return line;
  }

  #bigPlay(controls: Controls): HTMLElement {
    const button = element("button", { type: "button", class: "player-big-play", "aria-label": words.play }, icon("play"));
    button.addEventListener("click", () => controls.toggle());
    return button;
  }

  #listenToPointer(video: HTMLVideoElement, controls: Controls): void {
    video.addEventListener("click", (event) => {
      const isTouch = (event as PointerEvent).pointerType === "touch";
      if (isTouch && !video.paused) this.#setActive(!this.hasAttribute("data-active"));
      else controls.toggle();
    });
    video.addEventListener("dblclick", () => controls.toggleFullscreen());
    this.#stage.addEventListener("pointermove", ({ pointerType }) => { if (pointerType !== "touch") this.#setActive(true); });
    this.#stage.addEventListener("pointerleave", () => this.#setActive(false));
    this.#stage.addEventListener("focusin", () => this.#setActive(true));
    this.#stage.addEventListener("input", () => this.#setActive(true));
  }

  #listenToKeys(controls: Controls): void {
    document.addEventListener("keydown", (event) => {
      const command = event.defaultPrevented || !this.#mayTake(event) ? null : commandFor(event);
      if (command === null) return;
      event.preventDefault();
      this.#setActive(true);
      controls.obey(command);
    }, { signal: this.#lifetime.signal });
  }

  /** Keys belong to what has the focus; elsewhere on the page, only those that would not scroll it or press a button. */
  #mayTake(event: KeyboardEvent): boolean {
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("input:not(.player-seek), textarea, select, [contenteditable], dialog")) return false;
    if (event.key === " " && target.closest("button, summary, a")) return false;
    if (["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return this.contains(target);
    return true;
  }

  #followState(video: HTMLVideoElement): void {
    const state = () => { this.dataset["state"] = video.ended ? "ended" : video.paused ? "paused" : "playing"; };
    const busy = (isBusy: boolean) => () => this.toggleAttribute("data-busy", isBusy);
    for (const name of ["play", "pause", "ended", "seeking"]) video.addEventListener(name, state);
    for (const name of ["waiting", "seeking"]) video.addEventListener(name, busy(true));
    for (const name of ["playing", "canplay", "seeked", "pause", "ended"]) video.addEventListener(name, busy(false));
    video.addEventListener("play", () => this.toggleAttribute("data-started", true));
    video.addEventListener("play", () => this.#setActive(true));
    state();
  }

  #setActive(isActive: boolean): void {
    clearTimeout(this.#idle);
    this.toggleAttribute("data-active", isActive);
    if (isActive) this.#idle = setTimeout(() => this.toggleAttribute("data-active", false), IDLE_AFTER_MS);
  }

  #showProblem(problem: Problem): void {
    const retry = element("button", { type: "button", class: "button" }, icon("rotate-cw"), words.retry);
    retry.addEventListener("click", () => {
      this.#problem.hidden = true;
      this.#retry();
    });
    this.#problem.replaceChildren(
      element("p", { class: "player-problem-title" }, problem.title),
      element("p", { class: "player-problem-text" }, problem.text),
      retry,
    );
    this.#problem.hidden = false;
    this.toggleAttribute("data-busy", false);
  }
}

customElements.define("video-player", VideoPlayer);

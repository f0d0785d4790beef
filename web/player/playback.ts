// Streams a video: hls.js decodes, p2p-media-loader exchanges segments with other viewers in the swarm of the origin's
// playlist, and `Segments` decides what is fetched from where and what is good enough to show.
//
// Loaded on demand, so that a browser with HLS built in never downloads it.

import Hls, { ErrorTypes, Events, type ErrorData } from "hls.js";
import { HlsJsP2PEngine } from "p2p-media-loader-hlsjs";
import { fileNameOf, folderOf, type PlayerConfig } from "./config";
import { HashList } from "./hash-list";
import { loaderFor } from "./loader";
import { Recovery } from "./recovery";
import { Segments } from "./segments";
import { SegmentSources } from "./sources";
import { words, type Problem } from "./words";

const HlsWithP2P = HlsJsP2PEngine.injectMixin(Hls);
type Engine = InstanceType<typeof HlsWithP2P>;

export interface Quality {
  readonly index: number;
  readonly label: string;
}

export interface PlaybackEvents {
  /** The qualities on offer, best first. */
  onQualities(qualities: readonly Quality[]): void;
  /** The quality that is shown from now on. */
  onQuality(label: string): void;
  /** How many other viewers this one is connected with. */
  onPeers(count: number): void;
  /** Whether the connection is lost and being tried again. */
  onReconnecting(active: boolean): void;
  /** Playback has stopped, and only the viewer can start it again. */
  onProblem(problem: Problem): void;
}

const AUTOMATIC = -1;
const FIRST_LOOK_SECONDS = 4;
const BUFFER_SECONDS = 30;
const MEMORY_FOR_SEGMENTS_MIB = 512;
const MAX_MEDIA_ERRORS = 3;
/** Short, because `loader.ts` has asked every server before hls.js hears of a failure. */
const SEGMENT_PATIENCE = {
  default: {
    maxTimeToFirstByteMs: 10_000,
    maxLoadTimeMs: 120_000,
    timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 2_000 },
  },
};
const MAX_HASH_LIST_CHARACTERS = 16 * 1024 * 1024;

export class Playback {
  readonly #video: HTMLVideoElement;
  readonly #config: PlayerConfig;
  readonly #events: PlaybackEvents;
  readonly #recovery = new Recovery();
  #hashes: HashList | null;
  #sources: SegmentSources;
  #engine: Engine | null = null;
  #peers = new Set<string>();
  #shares: boolean;
  #quality = AUTOMATIC;
  #mediaErrors = 0;
  /** Kept, because an element without a source forgets where it was. */
  #stoppedAt = -1;
  #restart: ReturnType<typeof setTimeout> | undefined;

  static isSupported(): boolean {
    return Hls.isSupported();
  }

  /** Whether segments can be exchanged with other viewers at all: it takes a tracker, WebRTC, and hashes to check against. */
  static canShare(config: PlayerConfig): boolean {
    return config.p2pEnabled && config.trackerUrls.length > 0 && canVerify(config) && typeof RTCPeerConnection === "function";
  }

  constructor(video: HTMLVideoElement, config: PlayerConfig, shares: boolean, events: PlaybackEvents) {
    this.#video = video;
    this.#config = config;
    this.#events = events;
    this.#shares = shares && Playback.canShare(config);
    this.#hashes = hashListOf(config);
    this.#sources = sourcesOf(config);
  }

  /** Starts, or starts again after a failure, at a time in seconds (`-1`: where the stream begins, or the live edge). */
  start(position: number): void {
    const isPlaying = !this.#video.paused;
    this.#stop();
    const segments = new Segments(this.#sources, this.#hashes);
    const engine = new HlsWithP2P({
      startPosition: position,
      // A worker takes the bytes away from p2p-media-loader, which keeps them for other viewers and for seeking back.
      enableWorker: false,
      loader: loaderFor(this.#sources, segments),
      capLevelToPlayerSize: true,
      maxBufferLength: isPlaying ? BUFFER_SECONDS : FIRST_LOOK_SECONDS,
      backBufferLength: 60,
      fragLoadPolicy: SEGMENT_PATIENCE,
      p2p: { core: this.#coreConfig(segments) },
    });
    this.#engine = engine;
    this.#listen(engine, segments);
    engine.loadSource(this.#config.masterUrl);
    engine.attachMedia(this.#video);
    this.#video.addEventListener("play", () => { engine.config.maxBufferLength = BUFFER_SECONDS; }, { once: true });
    // A new source pauses the element, whatever it did before.
    if (isPlaying) engine.once(Events.MEDIA_ATTACHED, () => void this.#video.play().catch(() => undefined));
  }

  /** Starts again on the viewer's wish: every server gets a new chance, with a new list of hashes. */
  retry(): void {
    this.#recovery.reset();
    this.#mediaErrors = 0;
    this.#hashes = hashListOf(this.#config);
    this.#sources = sourcesOf(this.#config);
    // Asking again means wanting to watch: `start` keeps an element playing that already is.
    void this.#video.play().catch(() => undefined);
    this.start(this.#stoppedAt);
  }

  /** `-1` lets the player choose by the speed of the connection. */
  chooseQuality(index: number): void {
    this.#quality = index;
    if (this.#engine !== null) this.#engine.nextLevel = index;
  }

  /** Joins or leaves the swarm at once. */
  share(active: boolean): void {
    this.#shares = active && Playback.canShare(this.#config);
    this.#engine?.p2pEngine.applyDynamicConfig({ core: { isP2PDisabled: !this.#shares } });
    if (this.#shares) return;
    this.#peers.clear();
    this.#events.onPeers(0);
  }

  destroy(): void {
    this.#stop();
  }

  #coreConfig(segments: Segments) {
    return {
      swarmId: this.#config.swarmId,
      announceTrackers: [...this.#config.trackerUrls],
      // Without this the library would ask third parties that nobody here has chosen.
      rtcConfig: { iceServers: this.#config.stunUrls.map((urls) => ({ urls })) },
      isP2PDisabled: !this.#shares,
      isP2PUploadDisabled: isOnMeteredConnection(),
      highDemandTimeWindow: this.#config.isLive ? 4 : 15,
      segmentMemoryStorageLimit: MEMORY_FOR_SEGMENTS_MIB,
      httpErrorRetries: this.#sources.hosts.length + 3,
      httpRequestSetup: async (...request: RequestSetup) => {
        const [url, range, signal, asked] = request;
        return segments.requestFor(url, range, asked, signal);
      },
      validateHTTPSegment: (...segment: ReceivedSegment) => segments.acceptFromServer(...segment),
      validateP2PSegment: (...segment: ReceivedSegment) => segments.acceptFromPeer(...segment),
    };
  }

  #listen(engine: Engine, segments: Segments): void {
    engine.on(Events.MANIFEST_PARSED, () => {
      this.#events.onQualities(qualitiesOf(engine));
      engine.nextLevel = this.#quality;
      this.#events.onReconnecting(false);
    });
    engine.on(Events.LEVEL_SWITCHED, (_, { level }) => this.#events.onQuality(qualityLabel(engine, level)));
    engine.on(Events.FRAG_BUFFERED, () => this.#events.onReconnecting(false));
    engine.on(Events.ERROR, (_, data) => this.#onError(engine, data));
    const { p2pEngine } = engine;
    p2pEngine.addEventListener("onSegmentError", ({ segment, downloadSource }) => {
      if (downloadSource === "http") segments.failed(segment.url, segment.byteRange);
    });
    p2pEngine.addEventListener("onPeerConnect", ({ peerId }) => this.#countPeers(engine, () => this.#peers.add(peerId)));
    p2pEngine.addEventListener("onPeerClose", ({ peerId }) => this.#countPeers(engine, () => this.#peers.delete(peerId)));
  }

  #countPeers(engine: Engine, change: () => void): void {
    if (engine !== this.#engine) return;
    change();
    this.#events.onPeers(this.#peers.size);
  }

  #onError(engine: Engine, data: ErrorData): void {
    if (engine !== this.#engine) return;
    if (this.#sources.pick() === null) return this.#giveUp(words.problem.damaged);
    if (!data.fatal) return;
    console.warn(`streaming failed: ${data.details}`, data.error);
    if (data.type === ErrorTypes.NETWORK_ERROR) return this.#reconnect();
    this.#mediaErrors += 1;
    if (data.type === ErrorTypes.MEDIA_ERROR && this.#mediaErrors < MAX_MEDIA_ERRORS) return engine.recoverMediaError();
    this.#giveUp(words.problem.media);
  }

  #reconnect(): void {
    const delay = this.#recovery.nextDelay(performance.now());
    if (delay === null) return this.#giveUp(words.problem.unreachable(this.#sources.hosts));
    this.#events.onReconnecting(true);
    const untilBufferRunsOut = Math.max(0, secondsAhead(this.#video) - 2) * 1000;
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => this.start(this.#position()), Math.max(delay, untilBufferRunsOut));
  }

  #giveUp(problem: Problem): void {
    this.#stoppedAt = this.#position();
    this.#stop();
    this.#events.onReconnecting(false);
    this.#events.onProblem(problem);
  }

  #position(): number {
    const { currentTime } = this.#video;
    return this.#config.isLive || currentTime === 0 ? -1 : currentTime;
  }

  #stop(): void {
    clearTimeout(this.#restart);
    const engine = this.#engine;
    this.#engine = null;
    engine?.destroy();
    this.#peers = new Set();
    this.#events.onPeers(0);
  }
}

type CoreOptions = NonNullable<NonNullable<NonNullable<ConstructorParameters<typeof HlsWithP2P>[0]>["p2p"]>["core"]>;
type RequestSetup = Parameters<NonNullable<CoreOptions["httpRequestSetup"]>>;
type ReceivedSegment = Parameters<NonNullable<CoreOptions["validateP2PSegment"]>>;

/** Hashing needs a secure page (https, or this very machine). */
function canVerify(config: PlayerConfig): boolean {
  return config.segmentsSha256Url !== null && globalThis.crypto?.subtle !== undefined;
}

/** Mirrors are asked only if what they send can be checked. */
function sourcesOf(config: PlayerConfig): SegmentSources {
  return new SegmentSources(folderOf(config.masterUrl), canVerify(config) ? config.baseUrls : []);
}

function hashListOf(config: PlayerConfig): HashList | null {
  if (!canVerify(config) || config.segmentsSha256Url === null) return null;
  // From this server or the origin, never from a mirror: who could forge segments could forge the list too.
  const name = fileNameOf(config.segmentsSha256Url);
  const trusted = [config.segmentsSha256Url, ...[config.masterUrl, config.swarmId].map((url) => `${folderOf(url)}/${name}`)];
  return new HashList({
    urls: [...new Set(trusted)],
    isLive: config.isLive,
    load: loadText,
    wait: (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); }),
  });
}

async function loadText(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const text = response.ok ? await response.text() : null;
    return text !== null && text.length <= MAX_HASH_LIST_CHARACTERS ? text : null;
  } catch {
    return null;
  }
}

function qualitiesOf(engine: Engine): Quality[] {
  return engine.levels
    .map((level, index) => ({ index, height: level.height, label: qualityLabel(engine, index) }))
    .sort((a, b) => b.height - a.height);
}

function qualityLabel(engine: Engine, index: number): string {
  const level = engine.levels[index];
  if (level === undefined) return "";
  const rate = level.frameRate > 40 ? String(Math.round(level.frameRate)) : "";
  return level.height > 0 ? `${level.height}p${rate}` : level.name || `${Math.round(level.bitrate / 1000)} kbit/s`;
}

function secondsAhead(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime && currentTime <= buffered.end(index)) return buffered.end(index) - currentTime;
  }
  return 0;
}

function isOnMeteredConnection(): boolean {
  const { connection } = navigator as Navigator & { connection?: { type?: string; saveData?: boolean } };
  return connection?.type === "cellular" || connection?.saveData === true;
}

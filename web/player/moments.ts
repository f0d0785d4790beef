// Moments of a video in addresses: `?start=83`, or `?start=1h2m3s` as PeerTube also writes, and links to them on the page.

import { parseStart } from "./timeline";

/** The moment in seconds that a query asks for; `null` if none. */
export function momentOf(query: string): number | null {
  return parseStart(new URLSearchParams(query).get("start"));
}

/** Links to a moment of this video move the player instead of loading the page again. */
export function followMoments(video: HTMLVideoElement, player: HTMLElement, signal: AbortSignal): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-time]") : null;
    const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    const moment = Number(link?.dataset["time"]);
    if (link === null || !isPlain || !Number.isFinite(moment)) return;
    event.preventDefault();
    video.currentTime = moment;
    void video.play().catch(() => undefined);
    player.scrollIntoView({ block: "nearest" });
  }, { signal });
}

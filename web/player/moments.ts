// Moments of a video in addresses: `?start=83`, or `?start=1h2m3s` as PeerTube also writes, and links to them on the page.

/** The moment in seconds that a query asks for; `null` if none. */
export function momentOf(query: string): number | null {
  const text = new URLSearchParams(query).get("start") ?? "";
  const parts = /^(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?$/u.exec(text);
  if (parts === null || text === "") return null;
  const [hours, minutes, seconds] = [1, 2, 3].map((index) => Number(parts[index] ?? 0)) as [number, number, number];
  return hours * 3600 + minutes * 60 + seconds;
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

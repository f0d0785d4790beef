// What there is at a second of the video: a chapter, a small picture, a place that a link leads to.

export interface Chapter {
  /** Seconds. */
  readonly start: number;
  readonly title: string;
}

/** One picture of many small ones, in rows from the upper left. */
export interface Storyboard {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** How many seconds a small picture stands for. */
  readonly tileDuration: number;
}

/** Chapters in the order of time; what is none is left out. */
export function parseChapters(value: unknown): Chapter[] {
  if (!Array.isArray(value)) return [];
  const chapters = value.filter((entry): entry is Chapter =>
    typeof entry === "object" && entry !== null && typeof entry.start === "number" && typeof entry.title === "string");
  return chapters.sort((a, b) => a.start - b.start);
}

/** `null` if there is none, or none that can be cut into small pictures. */
export function parseStoryboard(value: unknown): Storyboard | null {
  if (typeof value !== "object" || value === null) return null;
  const board = value as Storyboard;
  const sizes = [board.width, board.height, board.tileWidth, board.tileHeight, board.tileDuration];
  const isUsable = typeof board.url === "string" && sizes.every((size) => typeof size === "number" && size > 0);
  return isUsable && board.tileWidth <= board.width && board.tileHeight <= board.height ? board : null;
}

export function chapterAt(chapters: readonly Chapter[], seconds: number): Chapter | null {
  return chapters.filter(({ start }) => start <= seconds).at(-1) ?? null;
}

/** The upper left corner of the small picture for a second, in pixels. */
export function tileAt(board: Storyboard, seconds: number): { x: number; y: number } {
  const columns = Math.floor(board.width / board.tileWidth);
  const rows = Math.floor(board.height / board.tileHeight);
  const last = columns * rows - 1;
  const index = Math.min(last, Math.max(0, Math.floor(seconds / board.tileDuration)));
  return { x: (index % columns) * board.tileWidth, y: Math.floor(index / columns) * board.tileHeight };
}

/** `90`, `90s`, `1m30s`, `1h2m3s` as seconds; `null` for anything else. */
export function parseStart(text: string | null): number | null {
  const parts = /^(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?$/u.exec(text ?? "");
  if (parts === null || parts[0] === "") return null;
  const [hours, minutes, seconds] = [1, 2, 3].map((index) => Number(parts[index] ?? 0));
  return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}

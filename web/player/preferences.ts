// What the player remembers in this browser. A browser that refuses storage gets the defaults.

type Key = "p2p" | "volume" | "muted" | "theatre" | "captions";

export function remembered(key: Key): string | null {
  try {
    return localStorage.getItem(`shoal.player.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: Key, value: string): void {
  try {
    localStorage.setItem(`shoal.player.${key}`, value);
  } catch {
    // Private windows may refuse: the choice then lasts until the page is left.
  }
}

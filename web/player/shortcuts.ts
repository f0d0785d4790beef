// Which key does what, as people know it from other players.

export type Command =
  | { readonly kind: "toggle" }
  | { readonly kind: "seek-by"; readonly seconds: number }
  | { readonly kind: "seek"; readonly seconds: number }
  | { readonly kind: "seek-to"; readonly fraction: number }
  | { readonly kind: "volume-by"; readonly steps: number }
  | { readonly kind: "mute" }
  | { readonly kind: "fullscreen" }
  | { readonly kind: "theatre" };

export interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  " ": { kind: "toggle" },
  k: { kind: "toggle" },
  j: { kind: "seek-by", seconds: -10 },
  l: { kind: "seek-by", seconds: 10 },
  arrowleft: { kind: "seek-by", seconds: -5 },
  arrowright: { kind: "seek-by", seconds: 5 },
  arrowup: { kind: "volume-by", steps: 1 },
  arrowdown: { kind: "volume-by", steps: -1 },
  m: { kind: "mute" },
  f: { kind: "fullscreen" },
  t: { kind: "theatre" },
  home: { kind: "seek-to", fraction: 0 },
  end: { kind: "seek-to", fraction: 1 },
};

/** The command of a key, or `null` if the key is none of ours (or belongs to the browser). */
export function commandFor(event: Key): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (/^[0-9]$/u.test(event.key)) return { kind: "seek-to", fraction: Number(event.key) / 10 };
  const key = event.key.toLowerCase();
  return Object.hasOwn(COMMANDS, key) ? COMMANDS[key] ?? null : null;
}

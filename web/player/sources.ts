// Where does the next segment come from? From any of the servers that hold the video, chosen evenly at random, so that
// mirrors carry their share from the first second; a server that failed is not asked again during this visit.

import { fileNameOf, folderOf } from "./config";

/** `unreachable` is forgiven when no other server is left; `damaged` (it sent wrong bytes) never is. */
export type Fault = "unreachable" | "damaged";

export class SegmentSources {
  readonly #bases: readonly string[];
  readonly #home: string;
  readonly #faults = new Map<string, Fault>();
  readonly #random: () => number;

  /** @param home the folder of the master playlist: it holds the segments too, and comes first for all other files. */
  constructor(home: string, baseUrls: readonly string[], random: () => number = Math.random) {
    this.#home = home;
    this.#bases = [...new Set([home, ...baseUrls])];
    this.#random = random;
  }

  /** The base URL to fetch a segment from, or `null` if every server has sent damaged bytes. */
  pick(): string | null {
    let usable = this.#bases.filter((base) => !this.#faults.has(base));
    if (usable.length === 0) {
      this.#forgiveUnreachable();
      usable = this.#bases.filter((base) => !this.#faults.has(base));
    }
    return usable[Math.floor(this.#random() * usable.length)] ?? null;
  }

  /** Where to look for a file that is no segment, one address after the other: the page's own server first. */
  inOrder(url: string): { base: string; url: string }[] {
    if (!this.#bases.includes(folderOf(url))) return [{ base: folderOf(url), url }];
    const good = this.#bases.filter((base) => !this.#faults.has(base));
    const unreachable = this.#bases.filter((base) => this.#faults.get(base) === "unreachable");
    return [...good, ...unreachable].map((base) => ({ base, url: this.at(base, url) }));
  }

  report(base: string, fault: Fault): void {
    if (this.#faults.get(base) !== "damaged") this.#faults.set(base, fault);
  }

  faultOf(base: string): Fault | null {
    return this.#faults.get(base) ?? null;
  }

  /** The same file under another base URL. A file of a folder that is none of ours stays where it is. */
  at(base: string, url: string): string {
    const folder = folderOf(url);
    if (folder === base || !this.#bases.includes(folder)) return url;
    return `${base}/${fileNameOf(url)}`;
  }

  /**
   * Whether a segment's bytes may be shown unchecked: they come from the page's own choice of server. A playlist that a
   * mirror sent may name any other address, so as soon as there are mirrors, the segment must lie in that server's folder.
   */
  isTrusted(base: string, url: string): boolean {
    return base === this.#home && (this.#bases.length === 1 || folderOf(this.at(base, url)) === base);
  }

  get hosts(): string[] {
    return [...new Set(this.#bases.map((base) => new URL(base).host))];
  }

  #forgiveUnreachable(): void {
    for (const [base, fault] of this.#faults) if (fault === "unreachable") this.#faults.delete(base);
  }
}

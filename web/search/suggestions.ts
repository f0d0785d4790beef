// What could be meant by what is typed so far: a list below the field, which the arrow keys go through (the combobox pattern
// of the ARIA Authoring Practices). Nothing is asked before somebody types, and a late answer to an earlier question is dropped.

const PAUSE_MS = 120;
const MOST = 8;

export interface Suggestion {
  text: string;
  about: string;
  href: string;
}

// Reads an answer in the form of OpenSearch Suggestions 1.1. What has another form suggests nothing.
export function suggestionsOf(answer: unknown): Suggestion[] {
  if (!Array.isArray(answer)) return [];
  const [, texts, about, links] = answer as unknown[];
  if (!Array.isArray(texts) || !Array.isArray(about) || !Array.isArray(links)) return [];
  const suggestions = texts.map((text: unknown, place) => ({ text, about: about[place] as unknown, href: links[place] as unknown }));
  return suggestions.filter(isSuggestion).slice(0, MOST);
}

function isSuggestion(value: Record<keyof Suggestion, unknown>): value is Suggestion {
  return typeof value.text === "string" && typeof value.about === "string" && typeof value.href === "string";
}

// Where a key leads from a place in a list of `count`; -1 is the field itself, and comes after the last.
export function placeAfter(key: string, place: number, count: number): number {
  const all = count + 1;
  const next = key === "ArrowDown" ? place + 2 : place + all;
  return (next % all) - 1;
}

export class SuggestionList {
  readonly #input: HTMLInputElement;
  readonly #source: string;
  readonly #list = document.createElement("ul");
  #suggestions: Suggestion[] = [];
  #place = -1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: AbortController | undefined;

  constructor(input: HTMLInputElement, source: string, signal: AbortSignal) {
    this.#input = input;
    this.#source = source;
    this.#list.className = "suggestion-list";
    this.#list.id = `${input.id}-suggestions`;
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", "Suggestions");
    this.#list.hidden = true;
    input.form?.after(this.#list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.#list.id);
    input.setAttribute("aria-expanded", "false");
    input.addEventListener("input", () => this.#askSoon(), { signal });
    input.addEventListener("keydown", (event) => this.#press(event), { signal });
    input.addEventListener("blur", () => this.#close(), { signal });
    // The field keeps the focus while somebody chooses with a pointer.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault(), { signal });
    this.#list.addEventListener("click", (event) => this.#choose(event), { signal });
    signal.addEventListener("abort", () => this.#close());
  }

  #askSoon(): void {
    clearTimeout(this.#timer);
    if (this.#input.value.trim() === "") this.#close();
    else this.#timer = setTimeout(() => void this.#ask(), PAUSE_MS);
  }

  async #ask(): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    try {
      const address = new URL(this.#source, location.href);
      address.searchParams.set("search", this.#input.value.trim());
      const response = await fetch(address, { signal: request.signal });
      if (response.ok) this.#show(suggestionsOf(await response.json()));
    } catch {
      // Without suggestions, the field searches as ever.
    }
  }

  #show(suggestions: Suggestion[]): void {
    if (document.activeElement !== this.#input) return;
    this.#suggestions = suggestions;
    this.#list.replaceChildren(...suggestions.map((suggestion, place) => this.#option(suggestion, place)));
    this.#list.hidden = suggestions.length === 0;
    this.#input.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#mark(-1);
  }

  #option({ text, about }: Suggestion, place: number): HTMLLIElement {
    const option = document.createElement("li");
    option.id = `${this.#list.id}-${place}`;
    option.className = "suggestion";
    option.setAttribute("role", "option");
    const [name, detail] = [document.createElement("span"), document.createElement("span")];
    name.dir = "auto";
    name.textContent = text;
    detail.className = "hint";
    detail.dir = "auto";
    detail.textContent = about;
    option.append(name, detail);
    return option;
  }

  #mark(place: number): void {
    this.#place = place;
    [...this.#list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    const marked = this.#list.children[place];
    if (marked === undefined) this.#input.removeAttribute("aria-activedescendant");
    else this.#input.setAttribute("aria-activedescendant", marked.id);
    marked?.scrollIntoView({ block: "nearest" });
  }

  #press(event: KeyboardEvent): void {
    if (this.#list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.#mark(placeAfter(event.key, this.#place, this.#suggestions.length));
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.#close();
    } else if (event.key === "Enter" && this.#place >= 0) {
      event.preventDefault();
      this.#follow(this.#place);
    }
  }

  #choose(event: MouseEvent): void {
    const option = event.target instanceof Element ? event.target.closest("li") : null;
    if (option !== null) this.#follow([...this.#list.children].indexOf(option));
  }

  #follow(place: number): void {
    const suggestion = this.#suggestions[place];
    if (suggestion === undefined) return;
    const address = new URL(suggestion.href, location.href);
    // A site behind another name than its own is still left for nowhere else.
    location.assign(address.pathname + address.search);
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#mark(-1);
  }
}

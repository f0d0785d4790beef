// `<search-box>`: a plain search form that `/` leads to from anywhere on the page, that does not search for nothing, and that
// suggests what could be meant, if `data-suggestions` says where to ask.
import { SuggestionList } from "../search/suggestions";

class SearchBox extends HTMLElement {
  readonly #lifetime = new AbortController();

  connectedCallback(): void {
    const input = this.querySelector("input");
    const form = this.querySelector("form");
    if (input === null || form === null) return;
    const { signal } = this.#lifetime;
    const source = this.dataset["suggestions"];
    if (source !== undefined) new SuggestionList(input, source, signal);
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      event.preventDefault();
      input.focus();
      input.select();
    }, { signal });
    form.addEventListener("submit", (event) => {
      if (input.value.trim() !== "") return;
      event.preventDefault();
      input.focus();
    }, { signal });
  }

  disconnectedCallback(): void {
    this.#lifetime.abort();
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

customElements.define("search-box", SearchBox);

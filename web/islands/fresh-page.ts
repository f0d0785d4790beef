// `<fresh-page seconds="10">`: a page about work that goes on is loaded again and again, unless its reader is busy with it: a
// field that was changed, or is being written in, and what was opened, stays. It holds the link for those without scripts.

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

class FreshPage extends HTMLElement {
  readonly #lifetime = new AbortController();
  #hasOpened = false;

  connectedCallback(): void {
    const seconds = Number(this.getAttribute("seconds"));
    if (!(seconds > 0)) return;
    const { signal } = this.#lifetime;
    document.addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest("summary") !== null) this.#hasOpened = true;
    }, { signal });
    const timer = setInterval(() => {
      if (!document.hidden && !this.#hasOpened && !isBusy()) location.reload();
    }, seconds * 1000);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  disconnectedCallback(): void {
    this.#lifetime.abort();
  }
}

function isBusy(): boolean {
  const fields = [...document.querySelectorAll<Field>("input, textarea, select")];
  return fields.some((field) => field === document.activeElement || wasChanged(field));
}

function wasChanged(field: Field): boolean {
  if (field instanceof HTMLSelectElement) {
    const chosen = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(chosen, 0);
  }
  if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) {
    return field.checked !== field.defaultChecked;
  }
  return field.value !== field.defaultValue;
}

customElements.define("fresh-page", FreshPage);

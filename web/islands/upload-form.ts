// `<upload-form>`: sends the form it wraps, and shows how far the upload is, how long it will take, and how to stop it.
// Without this file the form posts itself, and the browser shows what it shows.

import { element, icon } from "../shared/dom";
import { describeProgress, UploadPace } from "../upload/pace";

class UploadForm extends HTMLElement {
  #request: XMLHttpRequest | null = null;

  connectedCallback(): void {
    const form = this.querySelector("form");
    if (form === null) return;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#request === null) this.#send(form);
    });
    window.addEventListener("beforeunload", (event) => { if (this.#request !== null) event.preventDefault(); });
  }

  #send(form: HTMLFormElement): void {
    const data = new FormData(form);
    const progress = new ProgressPanel(() => request.abort());
    const request = new XMLHttpRequest();
    const pace = new UploadPace(performance.now());
    this.#request = request;
    this.#show(form, progress.node);

    request.upload.addEventListener("progress", ({ loaded, total }) => {
      progress.show(loaded, total, describeProgress(loaded, total, pace.secondsLeft(loaded, total, performance.now())));
    });
    request.upload.addEventListener("load", () => progress.say("Received. The server is checking the file…"));
    request.addEventListener("load", () => this.#finish(form, request));
    request.addEventListener("error", () => this.#fail(form, "The connection was lost. Nothing was published. Check it, then upload again."));
    request.addEventListener("abort", () => this.#fail(form, "You stopped the upload. Nothing was published."));
    request.open(form.method.toUpperCase(), form.action);
    request.setRequestHeader("Accept", "application/json, text/html;q=0.9");
    request.send(data);
  }

  #finish(form: HTMLFormElement, request: XMLHttpRequest): void {
    if (request.status < 200 || request.status >= 400) return this.#fail(form, reasonOf(request));
    this.#request = null;
    location.assign(nextPage(request) ?? form.action);
  }

  #fail(form: HTMLFormElement, reason: string): void {
    this.#request = null;
    for (const control of form.elements) if (control instanceof HTMLButtonElement) control.disabled = false;
    const message = element("p", { class: "form-problem", role: "alert" }, icon("circle-alert"), reason);
    this.querySelector("[data-upload-state]")?.replaceChildren(message);
  }

  #show(form: HTMLFormElement, node: HTMLElement): void {
    for (const control of form.elements) if (control instanceof HTMLButtonElement) control.disabled = true;
    let slot = this.querySelector("[data-upload-state]");
    if (slot === null) {
      slot = element("div", { "data-upload-state": true });
      form.append(slot);
    }
    slot.replaceChildren(node);
  }
}

class ProgressPanel {
  readonly #bar = element("progress", { class: "progress", max: 1, value: 0, "aria-label": "Upload" });
  readonly #text = element("span", { role: "status" }, "Starting…");
  readonly node: HTMLElement;

  constructor(onStop: () => void) {
    const stop = element("button", { type: "button", class: "button button-quiet" }, "Stop");
    stop.addEventListener("click", onStop);
    this.node = element("div", { class: "upload-progress" }, this.#bar, element("p", { class: "progress-text" }, this.#text, stop));
  }

  show(loaded: number, total: number, text: string): void {
    this.#bar.max = Math.max(total, 1);
    this.#bar.value = loaded;
    this.say(text);
  }

  say(text: string): void {
    this.#text.textContent = text;
  }
}

function reasonOf(request: XMLHttpRequest): string {
  const detail = jsonField(request, "detail") ?? jsonField(request, "error");
  return detail ?? `The server refused the file (${request.status}). Nothing was published.`;
}

/** Where the server leads: it answers with a redirect that the browser has followed, or names the page. */
function nextPage(request: XMLHttpRequest): string | null {
  return jsonField(request, "location") ?? (request.responseURL === "" ? null : request.responseURL);
}

function jsonField(request: XMLHttpRequest, name: string): string | null {
  if (!/json/u.test(request.getResponseHeader("content-type") ?? "")) return null;
  try {
    const value: unknown = (JSON.parse(request.responseText) as Record<string, unknown>)[name];
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}

customElements.define("upload-form", UploadForm);

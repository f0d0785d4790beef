// Who can see your address while you watch: one line beside the player, with the switch that changes it.

import { element, icon } from "../shared/dom";
import { remember, remembered } from "./preferences";
import { words } from "./words";

/** Whether this browser's user agreed to share; sharing is on until it is switched off. */
export function sharingIsWanted(): boolean {
  return remembered("p2p") !== "off";
}

export class SharingNote {
  readonly #text = element("span", { class: "player-note-text" });
  #peers = 0;
  #isOn = false;

  /** @param line the empty line that the page keeps free, so that nothing moves when it is filled. */
  constructor(line: HTMLElement, canShare: boolean, onSwitch: (active: boolean) => void) {
    line.replaceChildren(icon("users"), this.#text);
    this.#isOn = canShare && sharingIsWanted();
    if (canShare) line.append(this.#switch(onSwitch));
    this.#show();
  }

  showPeers(count: number): void {
    this.#peers = count;
    this.#show();
  }

  #switch(onSwitch: (active: boolean) => void): HTMLElement {
    const box = element("input", { type: "checkbox", role: "switch", class: "switch" });
    box.checked = this.#isOn;
    box.addEventListener("change", () => {
      this.#isOn = box.checked;
      remember("p2p", box.checked ? "on" : "off");
      onSwitch(box.checked);
      this.#show();
    });
    return element("label", { class: "player-note-switch" }, box, words.sharingSwitch);
  }

  #show(): void {
    const peers = this.#isOn && this.#peers > 0 ? ` (${words.sharingWith(this.#peers)})` : "";
    this.#text.textContent = (this.#isOn ? words.sharingOn : words.sharingOff) + peers;
  }
}

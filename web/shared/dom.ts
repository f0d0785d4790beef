// Builds elements without markup strings: nothing to escape, nothing for a content policy to refuse.

type Attributes = Readonly<Record<string, string | boolean | number>>;

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children);
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of the sprite, whose address the layout leaves on the root element. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "use"));
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg: SVGSVGElement, name: string): void {
  svg.firstElementChild?.setAttribute("href", `${document.documentElement.dataset["icons"] ?? ""}#${name}`);
}

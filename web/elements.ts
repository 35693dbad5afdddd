/**
 * Finds and makes elements. Text is never read as markup, and characters that could hide or reorder it are shown as
 * `\u{…}`.
 */
import { printable } from "../src/views/terminal/terminal.ts";

/** The element with this id. Throws an Error if the page has none: a defect. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}": this is a defect`);
  return found as Kind;
}

/** A new element. */
export function made<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  ...content: readonly (string | Node)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  element.append(...content.map((each) => typeof each === "string" ? printable(each) : each));
  return element;
}

/** Replaces the text of an element if it differs, because every change is redrawn and read aloud. */
export function show(element: Element, text: string): void {
  const shown = printable(text);
  if (element.textContent !== shown) element.textContent = shown;
}

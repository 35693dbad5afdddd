/** The icon of the browser tab. Each state has its own shape, as in the heading. */
import type { ShownState } from "./shown_state.ts";

const ICON_COLOURS: Readonly<Record<ShownState, string>> = {
  unreadable: "#d55e00",
  silent: "#d55e00",
  halted: "#d55e00",
  waiting: "#e0b95c",
  stopped: "#8a929c",
  running: "#0072b2",
};
const ICON_SHAPES: Readonly<Record<ShownState, string>> = {
  unreadable: '<path d="M3 3 13 13M13 3 3 13" stroke-width="4" stroke="C"/>',
  silent: '<circle cx="8" cy="8" r="5" fill="none" stroke-width="3" stroke="C"/>',
  halted: '<path d="M8 1 15 14H1Z" fill="C"/>',
  waiting:
    '<path d="M8 2a6 6 0 0 0 0 12Z" fill="C"/><circle cx="8" cy="8" r="6" fill="none" stroke-width="2" stroke="C"/>',
  stopped: '<path d="M2 2h12v12H2Z" fill="C"/>',
  running: '<circle cx="8" cy="8" r="6" fill="C"/>',
};

/** Shows the icon of a state. */
export function showIcon(state: ShownState): void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]")!;
  const shape = ICON_SHAPES[state].replaceAll("C", ICON_COLOURS[state]);
  const href = `data:image/svg+xml,${
    encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${shape}</svg>`)
  }`;
  if (link.href !== href) link.href = href;
}

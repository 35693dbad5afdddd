/** Times on the report's page. */
import { moment, NONE } from "../terminal/figures.ts";
import { type Markup, markup } from "./markup.ts";

/** A time that the page's script can show in another zone. */
export function timeOf(iso: string | null): Markup | string {
  return iso === null ? NONE : markup`<time datetime="${iso}">${moment(iso)}</time>`;
}

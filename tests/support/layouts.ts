/** The layouts of files with messages, as tests give them to chunks that they make. */
import { assert } from "@std/assert";
import { layoutOf } from "../../src/formats/file_layout.ts";
import type { Layout } from "../../src/formats/trade_file.ts";

/** `<receive time> <frame>` a line. */
export const RECORDING = shownBy("1723161255342123 {}");
/** One message per line. */
export const MESSAGES = shownBy("{}");

function shownBy(line: string): Layout {
  const layout = layoutOf(new TextEncoder().encode(line));
  assert(typeof layout === "object");
  return layout;
}

/** Clicks on fills of the chart. */
import { assert } from "@std/assert";
import type { View } from "./browser.ts";

/**
 * Clicks on the price chart at a time that it shows, such as `2025-01-06 10:00:00`, from top to bottom until that marks
 * a round trip in the table. Returns the number of the round trip.
 */
export async function tripOfFill(view: View, time: string): Promise<string> {
  const { page } = view;
  const marked = page.locator("#trips tr[aria-current=true]");
  const [from, to, at] = [...(await view.text("#span")).split(" to "), time].map((text) =>
    Date.parse(`${text}Z`)
  );
  assert(from! <= at! && at! <= to!, `${time} is shown`);
  const chart = page.locator("#chart-price .u-over");
  await chart.scrollIntoViewIfNeeded();
  const { width, height } = (await chart.boundingBox())!;
  const x = (at! - from!) / (to! - from!) * width;
  for (let y = 10; y < height && await marked.count() === 0; y += 20) {
    await chart.click({ position: { x, y } });
  }
  return view.text("#trips tr[aria-current=true] td");
}

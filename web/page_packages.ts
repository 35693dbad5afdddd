/**
 * Prints as JSON what the packages provide in addition to scripts: their licenses, and the style sheet of the charts.
 */
import uPlot from "uplot/LICENSE" with { type: "text" };
import chartStyle from "uplot/dist/uPlot.min.css" with { type: "text" };

// This package does not export its license.
const decimal = Deno.readTextFileSync(new URL("LICENCE.md", import.meta.resolve("decimal.js/package.json")));

console.log(JSON.stringify({ licenses: { uPlot, "decimal.js": decimal }, chartStyle }));

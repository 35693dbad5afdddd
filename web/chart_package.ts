/** Prints, as JSON, what the package of the charts has besides its script: the style sheet, and the license. */
import license from "uplot/LICENSE" with { type: "text" };
import style from "uplot/dist/uPlot.min.css" with { type: "text" };

console.log(JSON.stringify({ license, style }));

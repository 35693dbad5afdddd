/** Files with strategies of one's own. */

/** The source of a strategy whose methods are these, at the start with `state`. */
export function strategySource(
  onBar: string,
  { state = "{ bars: 0 }", before = "", options = "{}" } = {},
): string {
  return `import { defineStrategy } from "@penstock/penstock/strategy";
${before}
export default defineStrategy({
  options: ${options},
  start: () => (${state}),
  onBar(bar, state, options) { ${onBar} },
});
`;
}

/** Turns with every bar. */
export const TURNING = strategySource(`state.bars++; return state.bars % 2 === 1 ? "long" : "flat";`);

/** Files with user-defined strategies. */

/** The source of a strategy with these methods, and with `state` at the start. */
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

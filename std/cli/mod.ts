/**
 * Stand-in for `jsr:@std/cli`: the real code, as republished on npm, with the types that npm leaves out.
 * `unicodeWidth` is missing because its data table is missing from the npm package.
 *
 * @module
 */
export * from "./parse_args.ts";
export * from "./prompt_secret.ts";

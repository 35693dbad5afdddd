/** What the source of a user's own strategy must not use: anything but its own code, bars and options. */

/** The public entry, the only module that a strategy may import. */
export const STRATEGY_ENTRY = "@penstock/penstock/strategy";

/** What the source must not contain, and why. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/(?<![.\w$#])import\s*\(/g, "import(): it imports only the package's entry, at the top"],
  [/(?<![.\w$#])import\s*\.\s*meta\b/g, "import.meta: it must not know where it is"],
  [/(?<![.\w$#])(?:await|async)\b(?!\s*[:,=)}])/g, "async code: it answers at once"],
  [/(?<![.\w$#])(?:(?:Deno|globalThis)\b|(?:process|self)\s*\.|require\s*\()/g, "the system: it has no I/O"],
  [/(?<![.\w$#])(?:eval|Function)\s*\(/g, "code made at run time"],
  [
    /(?<![.\w$#])(?:fetch|WebSocket|WebSocketStream|EventSource|Worker|BroadcastChannel)\s*[(.]/g,
    "the network: it has no I/O",
  ],
  [
    /(?<![.\w$#])(?:console|localStorage|sessionStorage|caches|navigator)\s*\./g,
    "I/O: values() shows numbers",
  ],
  [/(?<![.\w$#])(?:prompt|alert|confirm)\s*\(/g, "I/O: values() shows numbers"],
  [/(?<![.\w$#])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/g, "timers: it answers at once"],
  [
    /(?<![.\w$#])Date\s*\.\s*now\b|(?<![.\w$#])new\s+Date\s*(?:\(\s*\)|(?!\s*\())|(?<![.\w$#])(?<!new\s)Date\s*\(/g,
    "the clock: a bar has times",
  ],
  [/(?<![.\w$#])(?:performance|Temporal)\s*\./g, "the clock: a bar has times"],
  [
    /(?<![.\w$#])Math\s*\.\s*random\b|(?<![.\w$#])crypto\s*\./g,
    "random numbers: the same bars give the same answers",
  ],
];

const IMPORT = /(?<![.\w$#])(?:import|export)\b(?:[\w$\s{},*]*?\bfrom)?\s*(["'])/g;
const REGEX_BEFORE = /(^|[=(,:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of|do|else|void))\s*$/;

/**
 * Everything in a source that a strategy must not contain, each with its line. This reads the text, not the program, so
 * it finds mistakes, not malice; docs/strategies.md lists the other safeguards.
 */
export function flawsIn(source: string): string[] {
  const code = codeOnly(source);
  const found: [number, string][] = [];
  for (const [pattern, why] of REFUSED) {
    for (const { index, 0: text } of code.matchAll(pattern)) {
      found.push([index, `"${text.replace(/\s+/g, " ").replace(/[(.]$/, "")}", ${why}`]);
    }
  }
  for (const match of code.matchAll(IMPORT)) {
    const start = match.index + match[0].length;
    const specifier = source.slice(start, code.indexOf(match[1]!, start));
    if (specifier !== STRATEGY_ENTRY) {
      found.push([match.index, `an import of "${specifier}": it imports only "${STRATEGY_ENTRY}"`]);
    }
  }
  return found.sort(([a], [b]) => a - b).map(([at, text]) =>
    `line ${source.slice(0, at).split("\n").length}: ${text}`
  );
}

/** The source with comments and the contents of strings and regular expressions as blanks; every position stays. */
function codeOnly(source: string): string {
  const out = source.split("");
  /** How many braces are open in each template expression around the position. */
  const templates: number[] = [];
  let at = 0;
  const blankTo = (end: number) => {
    for (; at < end && at < source.length; at++) if (out[at] !== "\n") out[at] = " ";
  };
  const literalEnd = (quote: string): number => {
    let end = at;
    while (end < source.length && source[end] !== quote && source[end] !== "\n") {
      end += source[end] === "\\" ? 2 : 1;
    }
    return end;
  };
  const template = () => {
    let end = at;
    while (end < source.length && source[end] !== "`" && !source.startsWith("${", end)) {
      end += source[end] === "\\" ? 2 : 1;
    }
    blankTo(end);
    if (source[at] === "`") at++;
    else if (at < source.length) {
      templates.push(0);
      at += 2;
    }
  };
  while (at < source.length) {
    const char = source[at]!;
    const open = templates.length - 1;
    if (source.startsWith("//", at)) blankTo(endOf(source, "\n", at));
    else if (source.startsWith("/*", at)) blankTo(endOf(source, "*/", at + 2) + 2);
    else if (char === '"' || char === "'") {
      at++;
      blankTo(literalEnd(char));
      at++;
    } else if (char === "`") {
      at++;
      template();
    } else if (char === "/" && REGEX_BEFORE.test(out.slice(Math.max(0, at - 80), at).join(""))) {
      at++;
      let isClass = false;
      let end = at;
      for (; end < source.length && source[end] !== "\n" && (isClass || source[end] !== "/"); end++) {
        if (source[end] === "[") isClass = true;
        else if (source[end] === "]") isClass = false;
        else if (source[end] === "\\") end++;
      }
      blankTo(end);
      at++;
    } else if (char === "{" && open >= 0) {
      templates[open] = templates[open]! + 1;
      at++;
    } else if (char === "}" && open >= 0 && templates[open] === 0) {
      templates.pop();
      at++;
      template();
    } else {
      if (char === "}" && open >= 0) templates[open] = templates[open]! - 1;
      at++;
    }
  }
  return out.join("");
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from);
  return end < 0 ? source.length : end;
}

/** Finds the name that a mistyped one probably stands for. */

/** The fewest letters that count as the start of a name. */
const LEAST_LETTERS = 3;
/** One mistake is allowed per this many letters. */
const LETTERS_A_MISTAKE = 3;

/**
 * The name of `names` closest to `word`, ignoring case and hyphens; null if none is close, or if several are equally
 * close. An extra, missing or wrong letter is a mistake, and so are two swapped letters. The start of a name is close
 * too, if no other name starts that way.
 */
export function closestName(word: string, names: readonly string[]): string | null {
  const typed = lettersOf(word);
  const most = Math.max(1, Math.floor(typed.length / LETTERS_A_MISTAKE));
  if (typed.length < LEAST_LETTERS - 1) return null;
  const byMistakes = names.map((name) => ({ name, mistakes: mistakesIn(typed, lettersOf(name)) }));
  const least = Math.min(...byMistakes.map(({ mistakes }) => mistakes));
  const closest = byMistakes.filter(({ mistakes }) => mistakes === least && mistakes <= most);
  if (closest.length === 0 && typed.length >= LEAST_LETTERS) {
    const longer = names.filter((name) => lettersOf(name).startsWith(typed));
    if (longer.length === 1) return longer[0]!;
  }
  return closest.length === 1 ? closest[0]!.name : null;
}

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** The number of mistakes between two words: optimal string alignment. */
function mistakesIn(typed: string, name: string): number {
  let [beforeLast, last] = [[] as number[], Array.from({ length: name.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= typed.length; row++) {
    const next = [row];
    for (let at = 1; at <= name.length; at++) {
      const isSame = typed[row - 1] === name[at - 1];
      const isSwapped = row > 1 && at > 1 && typed[row - 1] === name[at - 2] &&
        typed[row - 2] === name[at - 1];
      next[at] = Math.min(last[at]! + 1, next[at - 1]! + 1, last[at - 1]! + (isSame ? 0 : 1));
      if (isSwapped) next[at] = Math.min(next[at]!, beforeLast[at - 2]! + 1);
    }
    [beforeLast, last] = [last, next];
  }
  return last[name.length]!;
}

/** An option's name as the command line writes it: `maxDrawdown` is max-drawdown. */
export function optionWord(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The caller's deciding words, quoted as they were said. */

/** A word as the server takes them from a statement, without punctuation. */
const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu;

/**
 * The words as phrases: those that stand next to each other in the transcript are one, in its order.
 * What is part of a longer phrase is not said twice; words that are not in the transcript come last.
 */
export function quotes(transcript: string, words: readonly string[]): string[] {
  const said = wordsOf(transcript);
  const phrases = runs(said, new Set(words.flatMap(wordsOf).map(normal)));
  const known = new Set(said.map(normal));
  const absent = words.filter((word) => !wordsOf(word).every((part) => known.has(normal(part))));
  return [...phrases.filter((phrase, at) => !isSaidBy(phrase, at, phrases)), ...new Set(absent)];
}

function runs(said: readonly string[], wanted: ReadonlySet<string>): string[] {
  const found: string[][] = [[]];
  for (const word of said) {
    if (wanted.has(normal(word))) found.at(-1)?.push(word);
    else found.push([]);
  }
  return found.filter((run) => run.length > 0).map((run) => run.join(" "));
}

/** Whether a longer phrase, or an earlier one of the same words, says it. */
function isSaidBy(phrase: string, at: number, phrases: readonly string[]): boolean {
  return phrases.some((other, place) => {
    const isStronger = other.length > phrase.length || place < at;
    return isStronger && ` ${normal(other)} `.includes(` ${normal(phrase)} `);
  });
}

function wordsOf(text: string): string[] {
  return text.normalize("NFC").match(WORD) ?? [];
}

function normal(text: string): string {
  return text.toLocaleLowerCase();
}

/** The caller's words as the page shows them: which are unsure, which decided, which sounds now. */

import type { SpokenWord } from "./records";

/** Right words have a confidence of 0.97 on average, wrong ones 0.66: below this, the word is shown as unsure. */
const UNSURE_BELOW = 0.85;
/** A spoken word is looked for so far ahead in the transcript when the two differ. */
const LOOK_AHEAD = 4;
/** Words shorter than this match only themselves, not their inflections. */
const SHORTEST_STEM = 4;

/** A word of the transcript; times in seconds from the start of the recording, null where unknown. */
export interface Token {
  text: string;
  start_s: number | null;
  end_s: number | null;
  unsure: boolean;
}

/** A stretch of text that is marked, or is not. */
export interface Segment {
  text: string;
  marked: boolean;
}

/** The transcript as words, each with its place and certainty where the recogniser gave them. */
export function tokens(transcript: string, words: readonly SpokenWord[]): Token[] {
  let next = 0;
  return split(transcript).map((text) => {
    const ahead = words.slice(next, next + LOOK_AHEAD);
    const offset = ahead.findIndex((word) => normal(word.text) === normal(text));
    const word = ahead[offset];
    if (word === undefined) return { text, start_s: null, end_s: null, unsure: false };
    next += offset + 1;
    return { text, start_s: word.start_s, end_s: word.end_s, unsure: word.confidence < UNSURE_BELOW };
  });
}

/** For each word, whether one of the phrases covers it; inflected forms count. */
export function marks(words: readonly string[], phrases: readonly string[]): boolean[] {
  const marked = words.map(() => false);
  for (const phrase of phrases) {
    const parts = split(phrase);
    if (parts.length === 0) continue;
    for (let at = 0; at + parts.length <= words.length; at++) {
      if (parts.every((part, step) => isSame(words[at + step] ?? "", part))) {
        marked.fill(true, at, at + parts.length);
      }
    }
  }
  return marked;
}

/**
 * The part of the transcript around the phrases, marked; at most `most` words from the first of them.
 * Where none of them is in it, the phrases themselves.
 */
export function inContext(transcript: string, phrases: readonly string[], most = 16): Segment[] {
  const words = split(transcript);
  const marked = marks(words, phrases);
  const first = marked.indexOf(true);
  if (first === -1) return phrases.map((text) => ({ text, marked: true }));
  const from = Math.max(0, first - 2);
  const until = Math.min(words.length, from + most, marked.lastIndexOf(true) + 3);
  const shown = join(words.slice(from, until), marked.slice(from, until));
  if (from > 0) shown.unshift({ text: "…", marked: false });
  if (until < words.length) shown.push({ text: "…", marked: false });
  return shown;
}

/** The index of the word that sounds at this second, or -1 before the first one. */
export function wordAt(spoken: readonly Token[], at_s: number): number {
  return spoken.findLastIndex((token) => token.start_s !== null && token.start_s <= at_s);
}

function join(words: readonly string[], marked: readonly boolean[]): Segment[] {
  const segments: Segment[] = [];
  words.forEach((text, index) => {
    const last = segments.at(-1);
    if (last && last.marked === marked[index]) last.text += ` ${text}`;
    else segments.push({ text, marked: marked[index] ?? false });
  });
  return segments;
}

function split(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function normal(word: string): string {
  return word
    .normalize("NFC")
    .toLocaleLowerCase()
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
}

function isSame(spoken: string, wanted: string): boolean {
  const [one, other] = [normal(spoken), normal(wanted)];
  if (one === other) return one !== "";
  if (Math.min(one.length, other.length) < SHORTEST_STEM) return false;
  return one.startsWith(other) || other.startsWith(one);
}

/** Every text on the pages, in the reader's language. Catalogues: `src/text/*.json`, English is complete. */

import en from "../text/en.json";
import nb from "../text/nb.json";
import sv from "../text/sv.json";

export type TextKey = keyof typeof en;
type Catalogue = Readonly<Partial<Record<string, string>>>;

const CATALOGUES: Readonly<Record<string, Catalogue>> = { en, sv, nb };
export const LANGUAGES = ["en", "sv", "nb"] as const;

class Language {
  #current = $state(nearest(navigator.language));
  /** The names of languages, in this one. */
  readonly names = $derived(new Intl.DisplayNames([this.#current], { type: "language" }));

  get current(): string {
    return this.#current;
  }

  /** Speaks this language from now on, or the nearest that there is. */
  choose(language: string): void {
    this.#current = nearest(language);
    document.documentElement.lang = this.#current;
  }
}

export const language = new Language();

/** The text, its {names} filled in. With `count` the plural form `key_one` or `key_other` is taken. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(find(key) ?? key, values);
}

/** The name of something that the server calls by an identifier; the identifier itself where there is none. */
export function nameOf(
  group: "service" | "category" | "impact" | "urgency" | "status" | "trust" | "break" | "how",
  id: string,
): string {
  return find(`${group}.${id}`) ?? readable(id);
}

/** A language's own name, in the reader's language. */
export function languageName(code: string): string {
  return language.names.of(code) ?? code;
}

function find(key: string): string | undefined {
  return CATALOGUES[language.current]?.[key] ?? (en as Catalogue)[key];
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function readable(id: string): string {
  const words = id.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

function nearest(wanted: string): string {
  const code = wanted.toLowerCase().split("-")[0] ?? "";
  if (code === "no" || code === "nn") return "nb";
  return code in CATALOGUES ? code : "en";
}

/** Dates as the desk's readers write them. */

/** English is British: the day comes first, and the day has 24 hours. */
const LOCALES: Readonly<Record<string, string>> = { en: "en-GB", sv: "sv-SE", nb: "nb-NO" };

/** Day and time, in this machine's time zone, of a moment in milliseconds since the epoch. */
export function dayAndTime(ms: number, language: string): string {
  const locale = LOCALES[language] ?? language;
  return new Date(ms).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

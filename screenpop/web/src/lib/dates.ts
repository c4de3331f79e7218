/** Dates as the desk's readers write them. */

/** English is British: the day comes first, and the day has 24 hours. */
const LOCALES: Readonly<Record<string, string>> = { en: "en-GB", sv: "sv-SE", nb: "nb-NO" };

/** Making one takes milliseconds, using it none. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Day and time, in this machine's time zone, of a moment in milliseconds since the epoch. */
export function dayAndTime(ms: number, language: string): string {
  let format = formats.get(language);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(LOCALES[language] ?? language, { dateStyle: "medium", timeStyle: "short" });
    formats.set(language, format);
  }
  return format.format(ms);
}

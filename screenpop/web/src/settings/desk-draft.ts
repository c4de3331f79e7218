/** A desk as its form has it: lists are lines of text until they are saved.  Pure. */

import type { Desk, Language, Span, Weekday } from "../lib/records";

export const WEEKDAYS: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LANGUAGES: readonly Language[] = ["en", "sv", "nb"];
const MENU_KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"] as const;
/** What a key of the menu does where it does nothing. */
export const NO_SERVICE = "";

export interface DeskDraft extends Omit<Desk, "numbers" | "menu" | "greeting" | "languages"> {
  numbers: string;
  languages: Record<Language, boolean>;
  greeting: Record<Language, string>;
  /** The service of each key. */
  menu: { key: string; service: string }[];
  /** Days on which it is closed, as text. */
  closedDays: string;
}

/** A desk that is not there yet; whoever makes it says the rest. */
export function newDesk(): Desk {
  return {
    key: "",
    name: "",
    numbers: [],
    queue: "",
    department: "",
    languages: [...LANGUAGES],
    ask_language: true,
    greeting: {},
    menu: { "1": "other" },
    hours: { spans: [], time_zone: "Europe/Stockholm", holidays: "", closed_days: [] },
    when_closed: "queue",
    when_full: "case",
    ring_s: 15,
    wrapup_s: 30,
    cap: 0,
    managed_by: "page",
    version: 0,
  };
}

/** A span that is open on working days. */
export function newSpan(): Span {
  return { days: ["mon", "tue", "wed", "thu", "fri"], opens: "08:00", closes: "17:00" };
}

/** The form of this desk. */
export function draftOf(desk: Desk): DeskDraft {
  return {
    ...structuredClone(desk),
    numbers: desk.numbers.join(", "),
    languages: { en: false, sv: false, nb: false, ...Object.fromEntries(desk.languages.map((code) => [code, true])) },
    greeting: { en: "", sv: "", nb: "", ...desk.greeting },
    menu: MENU_KEYS.map((key) => ({ key, service: desk.menu[key] ?? NO_SERVICE })),
    closedDays: desk.hours.closed_days.join(", "),
  };
}

/** The desk of this form. */
export function deskOf({ closedDays, ...draft }: DeskDraft): Desk {
  const greeting = Object.entries(draft.greeting).filter(([, text]) => text.trim() !== "");
  const menu = draft.menu.filter(({ service }) => service !== NO_SERVICE);
  return {
    ...draft,
    queue: draft.queue.trim() === "" ? draft.key : draft.queue.trim(),
    numbers: listOf(draft.numbers),
    languages: LANGUAGES.filter((code) => draft.languages[code]),
    greeting: Object.fromEntries(greeting),
    menu: Object.fromEntries(menu.map(({ key, service }) => [key, service])),
    hours: { ...draft.hours, closed_days: listOf(closedDays) },
  };
}

function listOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== "");
}

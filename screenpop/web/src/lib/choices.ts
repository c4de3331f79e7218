/** What each judged field of a case may be, and the key that chooses it.  Pure. */

import en from "../text/en.json";
import type { Impact, Judged, Urgency } from "./records";

export interface Choice {
  value: string;
  /** The key that chooses it while the list is open. */
  key: string;
}

const KEYS = "1234567890abcdefghijklmnopqrstuvwxyz";
const IMPACTS: readonly Impact[] = ["one", "several", "everyone"];
const URGENCIES: readonly Urgency[] = ["works", "hindered", "stopped"];

/** The values to choose from; `current` is among them even where no catalogue knows it. */
export function choices(field: Judged, current: string): Choice[] {
  const known = valuesOf(field);
  const values = current === "" || known.includes(current) ? known : [...known, current];
  return values.map((value, index) => ({ value, key: KEYS[index] ?? "" }));
}

/** Every service that has a name. */
export const SERVICES = named("service");

function valuesOf(field: Judged): readonly string[] {
  switch (field) {
    case "service":
      return SERVICES;
    case "category":
      return named("category");
    case "impact":
      return IMPACTS;
    case "urgency":
      return URGENCIES;
  }
}

function named(group: string): string[] {
  const start = `${group}.`;
  return Object.keys(en).flatMap((key) => (key.startsWith(start) ? key.slice(start.length) : []));
}

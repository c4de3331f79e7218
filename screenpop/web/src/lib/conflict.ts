/** Two have changed the same field of a case: what each of them wants, and what follows from a choice.  Pure. */

import type { Case, CaseConflict } from "./records";

/** What was to be changed: the fields of a command by their names. */
export type Fields = Readonly<Record<string, string>>;

/** One field that both have changed. */
export interface Dispute {
  field: string;
  theirs: string;
  mine: string;
}

/** The fields in which theirs and mine differ; none: nothing of mine is in doubt. */
export function disputes(fields: Fields, { current, stale }: CaseConflict): Dispute[] {
  return stale.flatMap((field) => {
    const mine = fields[field];
    const theirs = valueOf(current.case, field);
    return mine === undefined || mine === theirs ? [] : [{ field, theirs, mine }];
  });
}

/** What is left to change once theirs is taken: my other fields. */
export function withoutDisputed(fields: Fields, conflict: CaseConflict): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !conflict.stale.includes(field)));
}

function valueOf(current: Case, field: string): string {
  const value = (current as unknown as Record<string, unknown>)[field];
  return typeof value === "string" ? value : "";
}

/** A case's history as sentences for its reader: made when it is read, from kind and values.  Pure but for the language. */

import type { CaseEventKind, HistoryEntry, Judged } from "./records";
import { languageName, nameOf, t, type TextKey } from "./text.svelte";

/** One line of history: what happened, what changed, what was written or said. */
export interface HistoryLine {
  text: string;
  changes: { label: string; old: string; new: string }[];
  quote: string;
}

/** A name for a username; the username itself where nobody knows one. */
export type NameOfUser = (username: string) => string;

const MACHINES: Readonly<Record<string, TextKey>> = {
  ivr: "actor.ivr",
  demo: "actor.demo",
  system: "actor.system",
};
/** What the kind of the line says already, or nobody can read. */
const UNSAID: Readonly<Partial<Record<CaseEventKind, readonly string[]>>> = {
  registered: ["status", "contact_id"],
  assigned: ["agent"],
  held: ["status"],
  resumed: ["status"],
  solved: ["status"],
  closed: ["status"],
  reopened: ["status"],
  merged: ["status", "merged_into"],
};
const NEVER_SAID = ["contact_id", "status", "because", "said"];
const LABELS: Readonly<Record<string, TextKey>> = {
  title: "case.title",
  service: "case.service",
  category: "case.category",
  impact: "case.impact",
  urgency: "case.urgency",
  priority: "case.priority",
  language: "case.language",
  status: "case.status",
  agent: "case.agent",
  article: "case.article",
  solution: "case.solution",
  contact_name: "case.contact",
  caller_number: "case.callerNumber",
  desk: "case.desk",
  merged_into: "case.mergedInto",
};

/** Who did it, by name. */
export function actorName(actor: string, nameOfUser: NameOfUser): string {
  const key = MACHINES[actor];
  return key === undefined ? nameOfUser(actor) : t(key);
}

/** The field's name. */
export function fieldName(field: string): string {
  const key = LABELS[field];
  return key === undefined ? field : t(key);
}

/** A field's value as people say it. */
export function valueName(field: string, value: unknown, nameOfUser: NameOfUser): string {
  if (value === null || value === undefined || value === "") return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  switch (field) {
    case "service":
    case "category":
    case "impact":
    case "urgency":
      return nameOf(field satisfies Judged, text);
    case "status":
      return nameOf("status", text);
    case "priority":
      return `P${text}`;
    case "language":
      return languageName(text);
    case "agent":
      return nameOfUser(text);
    default:
      return text;
  }
}

/** The entry as a line; `earlier` finds the entry that this one takes back. */
export function historyLine(
  entry: HistoryEntry,
  nameOfUser: NameOfUser,
  earlier: (eventId: string) => HistoryEntry | undefined = () => undefined,
): HistoryLine {
  const unsaid = [...NEVER_SAID, ...(UNSAID[entry.kind] ?? [])];
  const changes = Object.entries(entry.changes).flatMap(([field, change]) => {
    const [old, now] = [change.old, change.new].map((value) => valueName(field, value, nameOfUser));
    if (unsaid.includes(field) || old === now) return [];
    return [{ label: fieldName(field), old: entry.kind === "registered" ? "" : (old ?? ""), new: now ?? "" }];
  });
  return { text: sentence(entry, nameOfUser, earlier), changes, quote: entry.note || entry.said };
}

/** The newest of each note: the same one is saved again and again while it is written. Newest first, as given. */
export function withoutDrafts(history: readonly HistoryEntry[]): HistoryEntry[] {
  const seen = new Set<string>();
  return history.filter(({ kind, note_id, note }) => {
    if (kind !== "noted") return true;
    const isNew = !seen.has(note_id);
    seen.add(note_id);
    return isNew && note.trim() !== "";
  });
}

function sentence(
  entry: HistoryEntry,
  nameOfUser: NameOfUser,
  earlier: (eventId: string) => HistoryEntry | undefined,
): string {
  const who = actorName(entry.actor, nameOfUser);
  if (entry.kind === "undone") {
    const undone = earlier(entry.undoes);
    const what = undone === undefined ? t("history.something") : t(`undoes.${undone.kind}` as TextKey);
    return t("history.undone", { who, what });
  }
  if (entry.kind === "assigned") {
    const agent = textOf(entry.changes.agent?.new);
    if (entry.taken_over) return t("history.takenOver", { who });
    if (agent === "") return t("history.unassigned", { who });
    return agent === entry.actor ? t("history.taken", { who }) : t("history.assigned", { who, agent: nameOfUser(agent) });
  }
  const merged = textOf(entry.changes.merged_into?.new);
  return t(`history.${entry.kind}`, { who, other: entry.other || merged, trust: trustName(entry.trust) });
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function trustName(trust: string): string {
  return trust === "" ? "" : nameOf("trust", trust);
}

/** The cases as this page knows and changes them: what is on its way, what stands in its way, what can be undone. */

import { changeCase, conflictOf, fetchCase, Refusal, type CaseCommand } from "../lib/api";
import { disputes, withoutDisputed, type Fields } from "../lib/conflict";
import { knowing, type DeskState } from "../lib/desk-state";
import { afterPaint } from "../lib/frames";
import { newId } from "../lib/ids";
import type { CaseAnswer, CaseConflict, CaseSummary, SavedCase } from "../lib/records";
import { t, type TextKey } from "../lib/text.svelte";
import { Notes } from "./notes.svelte";

/** A change of one case: the command, its fields, and the sentence that offers to take it back. */
export interface Change {
  readonly number: string;
  readonly command: CaseCommand;
  readonly fields: Fields;
  readonly done: string;
  readonly callId?: string;
  /** The version of the case that one had before them when one began; left out: what is shown now. */
  readonly seen?: number | undefined;
}

/** A change that somebody else's stands in the way of. */
export interface Contest {
  readonly change: Change;
  readonly conflict: CaseConflict;
}

interface Done {
  readonly number: string;
  readonly changeId: string;
  readonly text: string;
}

/** So long the page offers to take a change back; by its key one can for longer. */
const OFFERED_MS = 10_000;
/** A change that only fields beside it stood in the way of is sent again so often. */
const MOST_ATTEMPTS = 4;

/** What the book needs of the desk: the summaries are the desk's, as the live connection tells them. */
interface Owner {
  state: DeskState;
  readonly who: { csrf: string; user: { username: string } };
}

export class CaseBook {
  /** Cases in full, those that were looked at, by number; a text where that could not be. */
  answers = $state.raw<ReadonlyMap<string, CaseAnswer | TextKey>>(new Map());
  /** Fields that are on their way to the server: shown as wanted, and as being saved. */
  pending = $state.raw<ReadonlyMap<string, Fields>>(new Map());
  contest = $state.raw<Contest | null>(null);
  /** What did not work last, and how to try again. */
  problem = $state.raw<{ text: string; again: (() => void) | null } | null>(null);
  /** The last change while the page offers to take it back. */
  offered = $state.raw<Done | null>(null);
  readonly notes: Notes;
  #desk: Owner;
  #done: readonly Done[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** For what each case was fetched last. */
  #occasions = new Map<string, string>();
  #queues = new Map<string, Promise<unknown>>();

  constructor(desk: Owner) {
    this.#desk = desk;
    this.notes = new Notes(desk.who.user.username, (number, noteId, text, callId) =>
      this.#send(number, "note", { note_id: noteId, text }, newId(), callId),
    );
  }

  /** The case as the page shows it, with what is on its way; null: not known yet. */
  shown(number: string): CaseSummary | null {
    const summary = this.#desk.state.cases.get(number);
    if (summary === undefined) return null;
    return { ...summary, ...(this.pending.get(number) as Partial<CaseSummary> | undefined) };
  }

  /** The case in full; null: not fetched, or not there. */
  full(number: string): CaseAnswer | null {
    const answer = this.answers.get(number);
    return typeof answer === "object" ? answer : null;
  }

  /** Why the case cannot be shown; null: nothing is known to be wrong. */
  missing(number: string): TextKey | null {
    const answer = this.answers.get(number);
    return typeof answer === "string" ? answer : null;
  }

  /** Which version one has before them who begins to change it now; undefined while a change of one's own is on its way. */
  seen(number: string): number | undefined {
    return this.#queues.has(number) ? undefined : this.#desk.state.cases.get(number)?.version;
  }

  isSaving(number: string, field: string): boolean {
    return this.pending.get(number)?.[field] !== undefined;
  }

  /** For an effect: fetches the case after the next paint, once for each `occasion`. */
  follow(number: string, occasion: string | number): void {
    if (number === "" || this.#occasions.get(number) === String(occasion)) return;
    this.#occasions.set(number, String(occasion));
    const load = () => void this.load(number);
    // The phone waits until the pop is on the screen: nothing is fetched before.
    afterPaint(load, load);
  }

  /** Something may have been missed: what is on the screen is fetched again. */
  refresh(): void {
    const numbers = [...this.#occasions.keys()];
    this.answers = new Map([...this.answers].filter(([number]) => numbers.includes(number)));
    for (const number of numbers) void this.load(number);
  }

  /** Fetches the case as it is now. */
  async load(number: string): Promise<void> {
    try {
      const answer = await fetchCase(number);
      this.#keep(number, answer);
      this.#desk.state = knowing(this.#desk.state, [answer.summary]);
    } catch (error) {
      if (this.full(number) !== null) return;
      const isUnknown = error instanceof Refusal && (error.status === 404 || error.status === 400);
      this.#keep(number, isUnknown ? "case.noSuch" : "case.unreachable");
    }
  }

  /** Fetches the history before what is there. */
  async loadEarlier(number: string): Promise<void> {
    const known = this.full(number);
    if (known === null || known.older === null) return;
    const answer = await fetchCase(number, known.older).catch(() => null);
    const now = this.full(number);
    if (answer === null || now === null || now.older !== known.older) return;
    this.#keep(number, { ...now, history: [...now.history, ...answer.history], older: answer.older });
  }

  /** Changes a case; one change after the other, each with the newest version that is known. */
  change(change: Change): void {
    this.problem = null;
    this.#mark(change, change.fields);
    void this.#inTurn(change.number, () => this.#carryOut(change));
  }

  /** Takes back my last change, of this case where one is named. */
  undo(number = ""): void {
    const last = this.#done.findLast((one) => number === "" || one.number === number);
    if (last === undefined) return;
    this.#forget(last);
    void this.#inTurn(last.number, async () => {
      try {
        await this.#send(last.number, "undo", { event_id: last.changeId });
      } catch (error) {
        const text = conflictOf(error) === null ? reason(error) : t("case.cannotUndo");
        this.problem = { text, again: null };
      }
    });
  }

  /** The agent has seen both: theirs stays, or mine is written over it. */
  settle(choice: "theirs" | "mine"): void {
    if (this.contest === null) return;
    const { change, conflict } = this.contest;
    this.contest = null;
    const fields = choice === "mine" ? change.fields : withoutDisputed(change.fields, conflict);
    // Whoever chooses has seen the case as it is by now.
    const seen = conflict.current.summary.version;
    if (Object.keys(fields).length > 0) this.change({ ...change, fields, seen });
  }

  async #carryOut(change: Change, changeId: string = newId(), attempt = 1): Promise<void> {
    try {
      const { number, command, fields, callId, seen } = change;
      await this.#send(number, command, fields, changeId, callId, attempt > 1 ? undefined : seen);
      this.#mark(change, {});
      this.#offer({ number: change.number, changeId, text: change.done });
    } catch (error) {
      const conflict = conflictOf(error);
      if (conflict === null) {
        // Under the same id: perhaps only the answer was lost.
        this.problem = { text: reason(error), again: () => this.#again(change, changeId) };
      } else if (await this.#contested(change, conflict, attempt)) {
        return;
      }
      this.#mark(change, {});
    }
  }

  /** Somebody else was quicker. True where the change was carried out all the same. */
  async #contested(change: Change, conflict: CaseConflict, attempt: number): Promise<boolean> {
    this.#desk.state = knowing(this.#desk.state, [conflict.current.summary]);
    this.#keep(change.number, conflict.current);
    const isFree = disputes(change.fields, conflict).length === 0;
    // Solved, held or closed meanwhile: whoever asked looks first, and asks again.
    const hasMoved = conflict.stale.length === 0 || conflict.stale.includes("status");
    if (hasMoved) this.problem = { text: conflict.error.message, again: null };
    else if (!isFree) this.contest = { change, conflict };
    else if (attempt < MOST_ATTEMPTS) {
      // Only what stands beside my change is another now: mine is as good as before.
      await this.#carryOut(change, newId(), attempt + 1);
      return true;
    }
    return false;
  }

  #again(change: Change, changeId: string): void {
    this.problem = null;
    this.#mark(change, change.fields);
    void this.#inTurn(change.number, () => this.#carryOut(change, changeId));
  }

  async #send(
    number: string,
    command: CaseCommand,
    fields: Readonly<Record<string, unknown>>,
    changeId: string = newId(),
    callId = "",
    seen?: number,
  ): Promise<SavedCase> {
    const version = seen ?? this.#desk.state.cases.get(number)?.version ?? 0;
    const call = callId === "" ? {} : { call_id: callId };
    // What has no version of the case in it adds something, or is one's own.
    const before = command === "undo" || command === "link" ? {} : { version };
    const body = { change_id: changeId, ...before, ...call, ...fields };
    const changed = await changeCase(this.#desk.who.csrf, number, command, body);
    this.#desk.state = knowing(this.#desk.state, [changed.summary]);
    const answer = this.full(number);
    if (answer !== null) this.#keep(number, { ...answer, ...changed });
    return changed;
  }

  async #inTurn(number: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#queues.get(number) ?? Promise.resolve()).then(work);
    this.#queues.set(number, turn);
    await turn;
    if (this.#queues.get(number) === turn) this.#queues.delete(number);
  }

  #mark({ number, command }: Change, fields: Fields): void {
    const shown = command === "classify" ? fields : {};
    const pending = new Map(this.pending);
    if (Object.keys(shown).length > 0) pending.set(number, { ...pending.get(number), ...shown });
    else pending.delete(number);
    this.pending = pending;
  }

  #keep(number: string, answer: CaseAnswer | TextKey): void {
    this.answers = new Map(this.answers).set(number, answer);
  }

  #offer(done: Done): void {
    this.#done = [...this.#done.slice(-19), done];
    this.offered = done;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.offered = null), OFFERED_MS);
  }

  #forget(done: Done): void {
    this.#done = this.#done.filter((one) => one !== done);
    if (this.offered === done) this.offered = null;
  }
}

function reason(error: unknown): string {
  if (error instanceof Refusal && error.status !== 0 && error.message !== "") return error.message;
  return t(error instanceof Refusal && error.status === 0 ? "case.notSavedOffline" : "case.notSaved");
}

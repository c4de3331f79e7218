/** What each key of the desk does. */

import type { Call, CaseSummary, Suggestion } from "../lib/records";
import type { Action } from "../lib/shortcuts";
import { t } from "../lib/text.svelte";
import type { Desk } from "./desk.svelte";
import { inOrder } from "./order";
import type { View } from "./view.svelte";

/** As many as there are keys for. */
const MOST_SUGGESTIONS = 5;

/** Carries out the action, for which this key was pressed. */
export function act(desk: Desk, view: View, action: Action, event: KeyboardEvent): void {
  switch (action) {
    case "answer":
      return desk.answer();
    case "hold":
      return desk.line?.toggleHold();
    case "mute":
      return desk.line?.toggleMute();
    case "hangUp":
      return desk.line?.hangUp();
    case "keypad":
      view.isKeypadOpen = desk.line !== null && !view.isKeypadOpen;
      return;
    case "voice":
      return view.voice?.toggle();
    case "faster":
      return view.voice?.faster();
    case "article":
      return openArticle(desk, view, Number(event.key));
    case "close":
      return close(desk, view);
    case "title":
    case "service":
    case "category":
    case "impact":
    case "urgency":
    case "note":
    case "link":
      view.editing = caseInFront(desk, view) === null ? null : action;
      return;
    case "solveWith":
      return solveWith(desk, view, Number(event.code.slice(-1)));
    case "solve":
      return solveOrReopen(desk, view);
    case "wait":
      return holdOrResume(desk, view);
    case "takeOver":
      return takeOver(desk, view);
    case "undo":
      return desk.cases.undo(caseInFront(desk, view)?.number);
    case "search":
      view.go({ page: "cases" });
      view.isSearching = true;
      return;
    case "nextMine":
      return step(desk, view, desk.state.mine, 1);
    case "nextCall":
      return step(desk, view, living(desk), 1);
    case "previousCall":
      return step(desk, view, living(desk), -1);
    case "dismiss":
      return desk.dismiss(desk.state.front ?? "");
    case "ready":
      return desk.wish("ready");
    case "wrapup":
      return desk.wish("wrapup");
    case "break":
      view.isBreakOpen = !view.isBreakOpen;
      return;
    case "menu":
      view.isUserOpen = !view.isUserOpen;
      return;
    case "help":
      view.isHelpOpen = !view.isHelpOpen;
      return;
  }
}

/** The case that the keys act on: the one that is open, else that of the call in front. */
export function caseInFront(desk: Desk, view: View): CaseSummary | null {
  if (view.place.page === "cases") return null;
  const number = view.place.page === "case" ? view.place.number : (desk.front?.case_number ?? "");
  return desk.cases.shown(number);
}

/** In which call a case is being changed; empty: in none. */
export function callInFront(desk: Desk, view: View): string {
  return view.place.page === "calls" ? (desk.front?.call_id ?? "") : "";
}

/** The solutions that stand beside it, best first: those of the call, else those that the case had before. */
export function suggestionsInFront(desk: Desk, view: View): readonly Suggestion[] {
  const ofCall = view.place.page === "calls" ? (desk.front?.suggestions ?? []) : [];
  if (ofCall.length > 0) return ofCall.slice(0, MOST_SUGGESTIONS);
  const number = caseInFront(desk, view)?.number ?? "";
  return desk.cases.full(number)?.suggestions.slice(0, MOST_SUGGESTIONS) ?? [];
}

function titleOf(desk: Desk, view: View, article: string): string {
  return suggestionsInFront(desk, view).find((one) => one.article === article)?.title ?? article;
}

/** Solved by this article, or in these words, or simply. */
export function solve(
  desk: Desk,
  view: View,
  fields: { article: string } | { solution: string },
  seen?: number,
): void {
  const summary = caseInFront(desk, view);
  if (summary === null) return;
  const article = "article" in fields ? fields.article : "";
  const done = article === "" ? t("done.solved") : t("done.solvedWith", { title: titleOf(desk, view, article) });
  view.editing = null;
  const callId = callInFront(desk, view);
  desk.cases.change({ number: summary.number, command: "solve", fields, done, callId, seen });
}

/** The call is about this case and no other. */
export function link(desk: Desk, call: Call, number: string): void {
  desk.cases.change({
    number,
    command: "link",
    fields: {},
    callId: call.call_id,
    done: t("done.link", { number }),
  });
}

/** One's own from now on. */
export function takeOver(desk: Desk, view: View): void {
  const summary = caseInFront(desk, view);
  if (summary === null || summary.agent === desk.who.user.username) return;
  simply(desk, view, summary, "takeover");
}

/** A change that has no fields. */
export function simply(desk: Desk, view: View, summary: CaseSummary, command: SimpleCommand): void {
  const done = t(`done.${command}`);
  desk.cases.change({ number: summary.number, command, fields: {}, done, callId: callInFront(desk, view) });
}

export type SimpleCommand = "takeover" | "hold" | "resume" | "close" | "reopen";

function close(desk: Desk, view: View): void {
  if (view.closeTop()) return;
  view.go({ page: "calls" });
  desk.look(null);
}

function solveWith(desk: Desk, view: View, number: number): void {
  const article = suggestionsInFront(desk, view)[number - 1]?.article;
  if (article !== undefined && isOpen(caseInFront(desk, view))) solve(desk, view, { article });
}

function solveOrReopen(desk: Desk, view: View): void {
  const summary = caseInFront(desk, view);
  if (summary === null || summary.status === "merged") return;
  if (!isOpen(summary)) simply(desk, view, summary, "reopen");
  else if (view.article !== null) solve(desk, view, { article: view.article });
  else view.editing = "solve";
}

function holdOrResume(desk: Desk, view: View): void {
  const summary = caseInFront(desk, view);
  if (summary !== null && isOpen(summary)) simply(desk, view, summary, summary.status === "open" ? "hold" : "resume");
}

/** Whether there is something left to do about it. */
export function isOpen(summary: CaseSummary | null): boolean {
  return summary?.status === "open" || summary?.status === "pending";
}

function openArticle(desk: Desk, view: View, number: number): void {
  // The same keys are tones while the keypad is open.
  if (view.isKeypadOpen) return;
  const article = suggestionsInFront(desk, view)[number - 1]?.article;
  if (article !== undefined) view.article = article;
}

function living(desk: Desk): string[] {
  return inOrder([...desk.state.calls.values()], desk.state.cases).flatMap((group) => group.calls.map((call) => call.call_id));
}

function step(desk: Desk, view: View, callIds: readonly string[], by: 1 | -1): void {
  if (callIds.length === 0) return;
  view.go({ page: "calls" });
  const at = callIds.indexOf(desk.state.front ?? "");
  const next = at === -1 ? 0 : (at + by + callIds.length) % callIds.length;
  desk.look(callIds[next] ?? null);
}

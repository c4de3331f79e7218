/** What each key of the desk does. */

import type { Action } from "../lib/shortcuts";
import type { Desk } from "./desk.svelte";
import { inOrder } from "./order";
import type { View } from "./view.svelte";

/** Carries out the action; `key` is the key that was pressed. */
export function act(desk: Desk, view: View, action: Action, key: string): void {
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
      return openArticle(desk, view, Number(key));
    case "close":
      if (!view.closeTop()) desk.look(null);
      return;
    case "nextMine":
      return step(desk, desk.state.mine, 1);
    case "nextCall":
      return step(desk, living(desk), 1);
    case "previousCall":
      return step(desk, living(desk), -1);
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

function openArticle(desk: Desk, view: View, number: number): void {
  // The same keys are tones while the keypad is open.
  if (view.isKeypadOpen) return;
  const suggestion = desk.front?.suggestions[number - 1];
  if (suggestion) view.article = suggestion.article;
}

function living(desk: Desk): string[] {
  return inOrder([...desk.state.calls.values()]).flatMap((group) => group.calls.map((call) => call.call_id));
}

function step(desk: Desk, callIds: readonly string[], by: 1 | -1): void {
  if (callIds.length === 0) return;
  const at = callIds.indexOf(desk.state.front ?? "");
  const next = at === -1 ? 0 : (at + by + callIds.length) % callIds.length;
  desk.look(callIds[next] ?? null);
}

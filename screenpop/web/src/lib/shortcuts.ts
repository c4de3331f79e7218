/** The keys of the desk: one table, from which both the bindings and the help are made. */

import { tinykeys } from "tinykeys";
import type { TextKey } from "./text.svelte";

export type Action =
  | "answer" | "hold" | "mute" | "hangUp" | "keypad"
  | "voice" | "faster" | "article" | "close"
  | "title" | "service" | "category" | "impact" | "urgency" | "note"
  | "solveWith" | "solve" | "wait" | "takeOver" | "link" | "undo"
  | "nextCall" | "previousCall" | "nextMine" | "dismiss" | "search"
  | "ready" | "break" | "wrapup" | "menu" | "help";

export interface Shortcut {
  action: Action;
  /** As tinykeys writes it, and as it is printed. */
  keys: readonly string[];
  printed: string;
  group: "telephone" | "call" | "case" | "desk";
}

export const SHORTCUTS: readonly Shortcut[] = [
  { action: "answer", keys: ["a"], printed: "A", group: "telephone" },
  { action: "hold", keys: ["h"], printed: "H", group: "telephone" },
  { action: "mute", keys: ["m"], printed: "M", group: "telephone" },
  { action: "keypad", keys: ["k"], printed: "K", group: "telephone" },
  { action: "hangUp", keys: ["x"], printed: "X", group: "telephone" },
  { action: "voice", keys: ["v"], printed: "V", group: "call" },
  { action: "faster", keys: ["Shift+v"], printed: "Shift V", group: "call" },
  { action: "article", keys: ["([1-5])"], printed: "1–5", group: "call" },
  { action: "title", keys: ["e"], printed: "E", group: "case" },
  { action: "service", keys: ["f"], printed: "F", group: "case" },
  { action: "category", keys: ["y"], printed: "Y", group: "case" },
  { action: "impact", keys: ["i"], printed: "I", group: "case" },
  { action: "urgency", keys: ["g"], printed: "G", group: "case" },
  { action: "note", keys: ["c"], printed: "C", group: "case" },
  // By the place of the key: with Shift, layouts differ in what it types.
  { action: "solveWith", keys: ["Shift+(Digit[1-5])"], printed: "Shift 1–5", group: "case" },
  { action: "solve", keys: ["s"], printed: "S", group: "case" },
  { action: "wait", keys: ["z"], printed: "Z", group: "case" },
  { action: "takeOver", keys: ["o"], printed: "O", group: "case" },
  { action: "link", keys: ["l"], printed: "L", group: "case" },
  { action: "undo", keys: ["$mod+z"], printed: "Ctrl Z", group: "case" },
  { action: "nextMine", keys: ["t"], printed: "T", group: "call" },
  { action: "dismiss", keys: ["d"], printed: "D", group: "call" },
  { action: "close", keys: ["Escape"], printed: "Esc", group: "call" },
  { action: "nextCall", keys: ["n"], printed: "N", group: "desk" },
  { action: "previousCall", keys: ["p"], printed: "P", group: "desk" },
  { action: "search", keys: ["/", "Shift+/"], printed: "/", group: "desk" },
  { action: "ready", keys: ["r"], printed: "R", group: "desk" },
  { action: "break", keys: ["b"], printed: "B", group: "desk" },
  { action: "wrapup", keys: ["w"], printed: "W", group: "desk" },
  { action: "menu", keys: ["u"], printed: "U", group: "desk" },
  { action: "help", keys: ["?", "Shift+?"], printed: "?", group: "desk" },
];

/** The text that says what the action does. */
export function actionText(action: Action): TextKey {
  return `action.${action}`;
}

/**
 * Calls `act` for each key of the table, until the returned function is called. Keys that are typed
 * into a field mean themselves; `Escape` always acts; `areOn` says whether single keys are wanted.
 */
export function listen(areOn: () => boolean, act: (action: Action, event: KeyboardEvent) => void): () => void {
  const bindings = SHORTCUTS.flatMap(({ action, keys }) => {
    const pressed = (event: KeyboardEvent) => {
      if (event.repeat || isTyping(event.target)) return;
      if (action !== "close" && !areOn()) return;
      if (action !== "close") event.preventDefault();
      act(action, event);
    };
    return keys.map((key) => [key, pressed] as const);
  });
  return tinykeys(window, Object.fromEntries(bindings));
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** The key of this action as it is printed. */
export function printedKey(action: Action): string {
  return SHORTCUTS.find((shortcut) => shortcut.action === action)?.printed ?? "";
}

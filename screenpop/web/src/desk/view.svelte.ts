/** Where on the desk one is, and what is open there: an article, a field, the keypad, a menu, the caller's voice. */

import { createContext } from "svelte";
import { Voice } from "../lib/voice.svelte";
import { statementAddress } from "../lib/api";
import { pathOf, placeOf, type Place } from "../lib/place";
import type { Judged } from "../lib/records";

/** What of a case is being changed. */
export type Editing = "title" | Judged | "note" | "solve" | "link" | null;

export class View {
  /** As the address bar has it. */
  place = $state.raw<Place>(placeOf(location.pathname));
  editing = $state<Editing>(null);
  /** Set to have the search box take the focus. */
  isSearching = $state(false);
  isPasswordOpen = $state(false);
  /** The call in front. */
  callId = $state<string | null>(null);
  /** The key of the open article. */
  article = $state<string | null>(null);
  isKeypadOpen = $state(false);
  isHelpOpen = $state(false);
  isBreakOpen = $state(false);
  isUserOpen = $state(false);
  /** Words that the pointer or the focus is on: the transcript marks them. */
  pointedAt = $state.raw<readonly string[]>([]);
  voice = $state.raw<Voice | null>(null);

  /** Another call is in front: nothing of the one before stays open. */
  turnTo(callId: string | null): void {
    this.callId = callId;
    this.closeAll();
  }

  /** Goes there, so that the browser's Back comes back here. */
  go(place: Place): void {
    const path = pathOf(place);
    if (path === location.pathname) return;
    history.pushState(null, "", path);
    this.arrive();
  }

  /** The address bar says where one is. */
  arrive(): void {
    this.place = placeOf(location.pathname);
    this.closeAll();
  }

  private closeAll(): void {
    this.article = null;
    this.editing = null;
    this.pointedAt = [];
  }

  /** Makes the caller's voice of this case ready, if there is one. Returns what lets go of it. */
  hear(caseNumber: string | null): () => void {
    const voice = caseNumber === null ? null : new Voice(statementAddress(caseNumber));
    this.voice = voice;
    return () => voice?.close();
  }

  /** Closes what lies on top; false where nothing was open. */
  closeTop(): boolean {
    const wasOpen = this.isKeypadOpen || this.editing !== null || this.article !== null;
    if (this.isKeypadOpen) this.isKeypadOpen = false;
    else if (this.editing !== null) this.editing = null;
    else this.article = null;
    return wasOpen;
  }
}

export const [getView, setView] = createContext<View>();

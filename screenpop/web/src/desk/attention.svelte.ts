/** Draws the agent's attention to a call: ring, title of the tab, desktop notification. */

import { preferences } from "../lib/preferences.svelte";
import { RingTone } from "../lib/ringtone";
import { t } from "../lib/text.svelte";
import type { Desk } from "./desk.svelte";
import { callerName } from "./order";
import type { View } from "./view.svelte";

export class Attention {
  /** The browser lets no page sound before the first click or key. */
  isSilenced = $state(false);
  #tone = new RingTone();
  #desk: Desk;
  #view: View;
  // Each its own, so that a change of a call that changes none of them does not ring again.
  #count = $derived.by(() => this.#desk.arriving.length);
  #ringing = $derived.by(() => {
    const call = this.#desk.living.find((one) => one.stage === "ringing");
    return call?.call_id ?? this.#desk.phone.lines.find((line) => line.state === "ringing")?.id;
  });
  #name = $derived.by(() => {
    const [first] = this.#desk.arriving;
    return (first && callerName(first)) || t("caller.unknown");
  });
  #isBusy = $derived.by(() => this.#desk.isTalking);
  #isOurs = $derived.by(() => preferences.sound && this.#desk.state.me?.phone === "browser");

  /** To be made while a component is: its effects live as long as that. */
  constructor(desk: Desk, view: View) {
    this.#desk = desk;
    this.#view = view;
    $effect(() => this.#title());
    $effect(() => this.#ring());
    $effect(() => this.#notify());
    $effect(() => {
      const allow = () => (this.isSilenced = false);
      addEventListener("pointerdown", allow, { once: true });
      addEventListener("keydown", allow, { once: true });
      return () => this.#tone.stop();
    });
  }

  #title(): void {
    const ringing = t("title.ringing", { name: this.#name });
    document.title = this.#count > 0 ? `(${this.#count}) ${ringing}` : this.#place();
  }

  /** What the tab is called while nobody calls: where one is. */
  #place(): string {
    const { place } = this.#view;
    if (place.page === "calls") return t("title.desk");
    return `${place.page === "case" ? place.number : t("cases")} – ${t("title.desk")}`;
  }

  #ring(): void {
    this.#tone.stop();
    if (this.#ringing === undefined || !this.#isOurs) return;
    if (this.#isBusy) this.#tone.once();
    else this.#tone.start();
    this.isSilenced = this.#tone.isBlocked;
  }

  #notify(): (() => void) | undefined {
    if (this.#ringing === undefined || !preferences.notifications || document.hasFocus()) return undefined;
    if (!("Notification" in window) || Notification.permission !== "granted") return undefined;
    const notification = new Notification(t("title.ringing", { name: this.#name }), { tag: this.#ringing });
    notification.onclick = () => {
      focus();
      notification.close();
    };
    return () => notification.close();
  }
}

/** Opens a page for whoever is logged in; who is not comes to the login and back. */

import { Refusal } from "./api";
import { preferences } from "./preferences.svelte";
import type { Me } from "./records";
import { language } from "./text.svelte";

const RETRY_MS = 2000;

/** Asks who is logged in, then shows the page in that person's language. Asks again while the server is away. */
export function open<Answer extends { me: Me }>(
  ask: () => Promise<Answer>,
  show: (answer: Answer, target: HTMLElement) => void,
): void {
  ask().then(
    (answer) => {
      language.choose(preferences.language || answer.me.user.language);
      show(answer, document.getElementById("page") as HTMLElement);
    },
    (error: unknown) => {
      if (isSignedOut(error)) toLogin();
      else setTimeout(() => open(ask, show), RETRY_MS);
    },
  );
}

/** Whether the server says that nobody is logged in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof Refusal && (error.status === 401 || error.status === 403);
}

/** To the login page, and from there back here. */
export function toLogin(): void {
  location.assign(`/login?to=${encodeURIComponent(location.pathname)}`);
}

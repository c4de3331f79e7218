/** What a person has chosen for this browser; kept in its local storage. */

export type Theme = "system" | "light" | "dark";

const KEY = "svarklar.preferences";

interface Stored {
  theme: Theme;
  /** Empty: the language of the login. */
  language: string;
  sound: boolean;
  notifications: boolean;
  singleKeys: boolean;
}

const DEFAULTS: Stored = { theme: "system", language: "", sound: true, notifications: false, singleKeys: true };

class Preferences {
  #stored = $state<Stored>(load());

  constructor() {
    this.#showTheme();
  }

  get theme(): Theme {
    return this.#stored.theme;
  }
  get language(): string {
    return this.#stored.language;
  }
  get sound(): boolean {
    return this.#stored.sound;
  }
  get notifications(): boolean {
    return this.#stored.notifications;
  }
  get singleKeys(): boolean {
    return this.#stored.singleKeys;
  }

  /** Changes some, and remembers them. */
  set(change: Partial<Stored>): void {
    Object.assign(this.#stored, change);
    localStorage.setItem(KEY, JSON.stringify(this.#stored));
    this.#showTheme();
  }

  #showTheme(): void {
    if (this.#stored.theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.#stored.theme;
  }
}

function load(): Stored {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Stored>) };
  } catch {
    return { ...DEFAULTS };
  }
}

export const preferences = new Preferences();

/** The list of cases: what is looked for, and what was found so far. */

import { fetchCases } from "../lib/api";
import type { CaseSummary } from "../lib/records";

export interface Wanted {
  scope: "mine" | "all";
  status: string;
  service: string;
  priority: string;
  sort: string;
  q: string;
}

const TYPING_MS = 150;
const PAGE = "50";
const FIRST: Wanted = { scope: "all", status: "active", service: "", priority: "", sort: "changed", q: "" };

export class CaseFinder {
  wanted = $state<Wanted>({ ...FIRST });
  found = $state.raw<readonly CaseSummary[]>([]);
  state = $state<"new" | "searching" | "found" | "failed">("new");
  #next: string | null = null;
  #asking: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #learn: (cases: readonly CaseSummary[]) => void;

  /** `learn` is told of every case that was found. */
  constructor(learn: (cases: readonly CaseSummary[]) => void) {
    this.#learn = learn;
  }

  /** Whether there are more than those that were found. */
  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** Looks for something else; words once their typing pauses. */
  want(change: Partial<Wanted>): void {
    Object.assign(this.wanted, change);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.search(), "q" in change ? TYPING_MS : 0);
  }

  /** Looks again, from the first on. */
  async search(): Promise<void> {
    clearTimeout(this.#timer);
    this.state = "searching";
    await this.#ask("");
  }

  /** The cases after those that were found. */
  async more(): Promise<void> {
    if (this.#next === null || this.#asking !== null) return;
    await this.#ask(this.#next);
  }

  async #ask(after: string): Promise<void> {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    try {
      const page = await fetchCases({ ...this.wanted, after, limit: PAGE }, asking.signal);
      if (this.#asking !== asking) return;
      const known = new Set(after === "" ? [] : this.found.map(({ number }) => number));
      const news = page.cases.filter(({ number }) => !known.has(number));
      this.found = after === "" ? page.cases : [...this.found, ...news];
      this.#next = page.next;
      this.#learn(page.cases);
      this.state = "found";
    } catch {
      if (this.#asking === asking) this.state = "failed";
    }
    if (this.#asking === asking) this.#asking = null;
  }
}

import { beforeEach, describe, expect, it, vi } from "vitest";
import { CaseBook } from "../src/desk/case-book.svelte";
import { knowing, NOTHING_KNOWN } from "../src/lib/desk-state";
import type { CaseSummary } from "../src/lib/records";
import { aCase } from "./calls";

// The language and the notes look at the browser when they come to be.
vi.hoisted(() => {
  vi.stubGlobal("navigator", { language: "en" });
  vi.stubGlobal("document", { documentElement: {} });
  vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
});

interface Asked {
  path: string;
  body: Record<string, unknown>;
}

/** The server: what it was asked, and what it answers next. */
const server = { asked: [] as Asked[], answers: [] as { status: number; body: unknown }[] };

function saved(given: Partial<CaseSummary>): { status: number; body: unknown } {
  return { status: 200, body: { case: { number: "C-000001", ...given }, summary: aCase("C-000001", given) } };
}

function conflict(current: Partial<CaseSummary>, ...stale: string[]): { status: number; body: unknown } {
  const summary = aCase("C-000001", current);
  const error = { code: "case_conflict", message: "Somebody else was quicker." };
  return { status: 409, body: { error, stale, current: { case: { ...summary }, summary, history: [] } } };
}

function aBook(): CaseBook {
  const state = knowing(NOTHING_KNOWN, [aCase("C-000001", { version: 5 })]);
  return new CaseBook({ state, who: { csrf: "token", user: { username: "anna" } } });
}

/** Everything that is under way has come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
}

const TO_NETWORK = { number: "C-000001", command: "classify", fields: { service: "network" }, done: "Changed" } as const;

beforeEach(() => {
  server.asked = [];
  server.answers = [];
  vi.stubGlobal("fetch", (path: string, request: { body?: string }) => {
    server.asked.push({ path, body: JSON.parse(request.body ?? "{}") as Record<string, unknown> });
    const { status, body } = server.answers.shift() ?? { status: 500, body: {} };
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
});

describe("a change of a case", () => {
  it("is shown at once as being saved, and then as the server has it", async () => {
    server.answers = [saved({ version: 6, service: "network", priority: 2 })];
    const book = aBook();
    book.change(TO_NETWORK);
    expect(book.shown("C-000001")?.service).toBe("network");
    expect(book.isSaving("C-000001", "service")).toBe(true);
    await settled();
    expect(server.asked[0]?.body).toMatchObject({ version: 5, service: "network" });
    expect(book.shown("C-000001")).toMatchObject({ service: "network", priority: 2, version: 6 });
    expect(book.isSaving("C-000001", "service")).toBe(false);
    expect(book.offered?.text).toBe("Changed");
  });

  it("that could not be saved is not shown as if it were, and is sent again under the same id", async () => {
    server.answers = [{ status: 503, body: { error: { code: "busy", message: "Busy." } } }, saved({ version: 6 })];
    const book = aBook();
    book.change(TO_NETWORK);
    await settled();
    expect(book.shown("C-000001")?.service).toBe("printing");
    expect(book.problem?.text).toBe("Busy.");
    book.problem?.again?.();
    await settled();
    expect(server.asked[1]?.body.change_id).toBe(server.asked[0]?.body.change_id);
    expect(book.problem).toBeNull();
  });

  it("is made of the version that one had before one's eyes, though a newer one has come", async () => {
    server.answers = [conflict({ version: 7, service: "account" }, "service")];
    const book = aBook();
    book.change({ ...TO_NETWORK, seen: 4 });
    await settled();
    expect(server.asked[0]?.body.version).toBe(4);
    expect(book.contest?.conflict.stale).toEqual(["service"]);
  });

  it("is sent again by itself where only something beside it has changed", async () => {
    server.answers = [conflict({ version: 7 }, "because"), saved({ version: 8, service: "network" })];
    const book = aBook();
    book.change(TO_NETWORK);
    await settled();
    expect(server.asked.map(({ body }) => body.version)).toEqual([5, 7]);
    expect(book.contest).toBeNull();
    expect(book.shown("C-000001")?.service).toBe("network");
  });

  it("of a case that has been solved meanwhile is told, and not forced", async () => {
    server.answers = [conflict({ version: 7, status: "resolved" }, "status")];
    const book = aBook();
    book.change({ ...TO_NETWORK, command: "hold", fields: {} });
    await settled();
    expect(book.problem?.text).toBe("Somebody else was quicker.");
    expect(server.asked).toHaveLength(1);
  });
});

describe("two who want different things", () => {
  it("are settled by writing mine over theirs, of the version that I have seen now", async () => {
    server.answers = [conflict({ version: 7, service: "account" }, "service"), saved({ version: 8, service: "network" })];
    const book = aBook();
    book.change(TO_NETWORK);
    await settled();
    expect(book.shown("C-000001")?.service).toBe("account");
    book.settle("mine");
    await settled();
    expect(server.asked[1]?.body).toMatchObject({ version: 7, service: "network" });
    expect(book.contest).toBeNull();
  });

  it("are settled by taking theirs: nothing more is sent", async () => {
    server.answers = [conflict({ version: 7, service: "account" }, "service")];
    const book = aBook();
    book.change(TO_NETWORK);
    await settled();
    book.settle("theirs");
    await settled();
    expect(server.asked).toHaveLength(1);
    expect(book.shown("C-000001")?.service).toBe("account");
  });
});

describe("undo", () => {
  it("takes back the last change by its id, once", async () => {
    server.answers = [saved({ version: 6, service: "network" }), saved({ version: 7 })];
    const book = aBook();
    book.change(TO_NETWORK);
    await settled();
    book.undo("C-000001");
    book.undo("C-000001");
    await settled();
    expect(server.asked).toHaveLength(2);
    expect(server.asked[1]?.path).toBe("/api/cases/C-000001/undo");
    expect(server.asked[1]?.body.event_id).toBe(server.asked[0]?.body.change_id);
    expect(book.offered).toBeNull();
  });

  it("says so where somebody has changed it since", async () => {
    server.answers = [saved({ version: 6 }), conflict({ version: 7 }, "service")];
    const book = aBook();
    book.change(TO_NETWORK);
    await settled();
    book.undo();
    await settled();
    expect(book.problem?.text).toContain("cannot be undone");
  });
});

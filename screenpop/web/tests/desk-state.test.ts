import { describe, expect, it } from "vitest";
import { apply, dismiss, look, NOTHING_KNOWN, type DeskState } from "../src/lib/desk-state";
import type { Call, Frame, SnapshotFrame } from "../src/lib/records";
import { aCall, aCase, anAgent, anOffer } from "./calls";

const START = after(NOTHING_KNOWN, snapshot());
const TALKING = after(START, changed(aCall("first", connected("first-offer"))));

function after(state: DeskState, ...messages: Frame[]): DeskState {
  return messages.reduce(apply, state);
}

function snapshot(given: Partial<SnapshotFrame> = {}): Frame {
  const nothing = { agents: [], people: [], calls: [], cases: [], offers: [] };
  return { type: "snapshot", epoch: "e", cursor: 1, me: anAgent(), ...nothing, ...given };
}

function changed(call: Call): Frame {
  return { type: "call", cursor: 2, call };
}

function offered(callId: string, offerId: string): Frame {
  return { type: "offer", call_id: callId, offer_id: offerId, caller: null, cases: [] };
}

function ringing(offerId: string): Partial<Call> {
  return { stage: "ringing", offers: [anOffer(offerId, { ringing_ms: 4000 })] };
}

function connected(offerId: string): Partial<Call> {
  return { stage: "connected", agent: "anna", offers: [anOffer(offerId, { connected_ms: 5000 })] };
}

describe("a call that comes to me", () => {
  it("is in front as soon as it is offered, though its stage says it still waits", () => {
    const state = after(START, changed(aCall("first")), offered("first", "o"));
    expect(state.mine).toEqual(["first"]);
    expect(state.front).toBe("first");
  });

  it("waits for the call when the offer is quicker", () => {
    const early = after(START, offered("first", "o"));
    expect(early.front).toBeNull();
    expect(after(early, changed(aCall("first"))).front).toBe("first");
  });

  it("takes the place of a call that I only look at", () => {
    const looking = look(after(START, changed(aCall("other")), changed(aCall("first"))), "other");
    expect(after(looking, offered("first", "o")).front).toBe("first");
  });

  it("is not mine when it rings at another agent", () => {
    const offers = [anOffer("o", { agent: "bo" })];
    expect(after(START, changed(aCall("first", { stage: "ringing", offers }))).mine).toEqual([]);
  });

  it("is found ringing after a reload", () => {
    const state = after(NOTHING_KNOWN, snapshot({ calls: [aCall("first", ringing("o"))] }));
    expect(state.front).toBe("first");
  });
});

describe("a second call", () => {
  it("never overwrites the first", () => {
    const state = after(TALKING, changed(aCall("second")), offered("second", "o2"));
    expect(state.mine).toEqual(["first", "second"]);
    expect(state.front).toBe("first");
  });

  it("does not overwrite one that rings either", () => {
    const state = after(START, changed(aCall("first", ringing("o1"))), changed(aCall("second", ringing("o2"))));
    expect(state.front).toBe("first");
  });

  it("comes to the front when I answer it", () => {
    const state = after(TALKING, changed(aCall("second", ringing("o2"))), changed(aCall("second", connected("o2"))));
    expect(state.front).toBe("second");
  });

  it("moves up when the first one has gone back to the queue", () => {
    const both = after(START, changed(aCall("first", ringing("o1"))), changed(aCall("second", ringing("o2"))));
    const state = after(both, changed(aCall("first", { offers: [anOffer("o1", { ended_ms: 9000 })] })));
    expect(state.mine).toEqual(["second"]);
  });
});

describe("the words so far", () => {
  const talking = changed(aCall("first", { stage: "ivr", dialogue: "" }));
  const heard: Frame = { type: "partial", call_id: "first", text: "my pri" };

  it("are kept while the caller still talks", () => {
    expect(after(START, talking, heard).partials.get("first")).toBe("my pri");
    expect(after(START, talking, heard, talking).partials.size).toBe(1);
  });

  it.each([
    ["have been understood", { transcript: "my printer" }],
    ["are all that will come", { dialogue: "done" }],
    ["belong to a call that has moved on", { stage: "queued" } as const],
  ])("are let go of when they %s", (_what, given) => {
    const call = changed(aCall("first", { stage: "ivr", dialogue: "", ...given }));
    expect(after(START, talking, heard, call).partials.size).toBe(0);
  });

  it("are nothing where no such call listens, and nothing after a snapshot", () => {
    expect(after(START, heard).partials.size).toBe(0);
    expect(after(START, changed(aCall("first")), heard).partials.size).toBe(0);
    expect(after(START, talking, heard, snapshot()).partials.size).toBe(0);
  });

  it("do not move the cursor", () => {
    expect(after(START, talking, heard).cursor).toBe(2);
  });
});

describe("a call that has ended", () => {
  const ended = after(TALKING, changed(aCall("first", { ...connected("first-offer"), stage: "ended" })));

  it("keeps its pop", () => {
    expect(ended.front).toBe("first");
    expect(ended.calls.get("first")?.stage).toBe("ended");
  });

  it("gives way to the next offer, but stays", () => {
    const state = after(ended, changed(aCall("second")), offered("second", "o2"));
    expect(state.front).toBe("second");
    expect(state.mine).toEqual(["first", "second"]);
  });

  it("goes when it is dismissed; a living one does not", () => {
    expect(dismiss(ended, "first").calls.size).toBe(0);
    expect(dismiss(TALKING, "first").mine).toEqual(["first"]);
  });

  it("is forgotten at once where it was not mine", () => {
    expect(after(START, changed(aCall("x")), changed(aCall("x", { stage: "ended" }))).calls.size).toBe(0);
  });

  it("is kept where it ended while the connection was away", () => {
    const state = after(TALKING, snapshot({ epoch: "another" }));
    expect(state.calls.get("first")?.stage).toBe("ended");
    expect(state.front).toBe("first");
  });

  it("comes back after a reload in wrap-up", () => {
    const call = aCall("first", { ...connected("o"), stage: "ended" });
    const wrapup = anAgent({ presence: "wrapup" });
    expect(after(NOTHING_KNOWN, snapshot({ me: wrapup, calls: [call] })).front).toBe("first");
    expect(after(NOTHING_KNOWN, snapshot({ calls: [call] })).front).toBeNull();
  });

  it("makes room: only the last three are kept", () => {
    const state = ["a", "b", "c", "d"].reduce((before, id) => {
      const talking = changed(aCall(id, connected(`offer-${id}`)));
      return after(before, talking, changed(aCall(id, { ...connected(`offer-${id}`), stage: "ended" })));
    }, START);
    expect(state.mine).toEqual(["b", "c", "d"]);
  });
});

describe("cases", () => {
  const told = (version: number, title: string): Frame => ({ type: "case", cursor: 3, case: aCase("C-000001", { version, title }) });

  it("are held by number, and never replaced by what is older", () => {
    const state = after(START, told(2, "newer"), told(1, "older"));
    expect(state.cases.get("C-000001")?.title).toBe("newer");
    expect(state.cursor).toBe(3);
  });

  it("that the page watches are told without a cursor", () => {
    const state = after(START, { type: "cases", cases: [aCase("C-000001")] });
    expect(state.cases.size).toBe(1);
    expect(state.cursor).toBe(START.cursor);
  });

  it("come with the offer, and so does who calls", () => {
    const caller = { contact: null, open_cases: [aCase("C-000002")], open_count: 1, earlier_cases: [], calls: [] };
    const offer: Frame = { type: "offer", call_id: "first", offer_id: "o", caller, cases: [aCase("C-000001")] };
    const state = after(START, changed(aCall("first", { case_number: "C-000001" })), offer);
    expect([...state.cases.keys()]).toEqual(["C-000002", "C-000001"]);
    expect(state.callers.get("first")).toBe(caller);
  });
});

describe("colleagues", () => {
  it("are known from the snapshot on, and follow their presence", () => {
    const bo = anAgent({ username: "bo" });
    const people = [{ username: "bo", name: "Bo Berg", role: "agent" as const }];
    const state = after(NOTHING_KNOWN, snapshot({ agents: [bo], people }));
    const onBreak = after(state, { type: "presence", cursor: 4, agent: { ...bo, presence: "break" } });
    expect(onBreak.people.get("bo")?.name).toBe("Bo Berg");
    expect(onBreak.agents.get("bo")?.presence).toBe("break");
    expect(onBreak.me?.presence).toBe("ready");
  });
});

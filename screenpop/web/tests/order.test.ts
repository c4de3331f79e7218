import { expect, it } from "vitest";
import { callerName, inOrder, waitedMs } from "../src/desk/order";
import { aCall, aCase } from "./calls";

const CASES = new Map([["C-000001", aCase("C-000001", { priority: 1 })]]);

it("lists the most urgent first, and those that wait longer before others", () => {
  const calls = [
    aCall("new", { marks: { queued: 3 } }),
    aCall("old", { marks: { queued: 1 } }),
    aCall("urgent", { case_number: "C-000001", marks: { queued: 9 } }),
  ];
  const waiting = inOrder(calls, CASES).find((group) => group.name === "waiting");
  expect(waiting?.calls.map((call) => call.call_id)).toEqual(["urgent", "old", "new"]);
});

it("counts the wait from the queue to the first hello", () => {
  expect(waitedMs(aCall("a", { marks: { answered: 0, queued: 1000 } }), 5000)).toBe(4000);
  expect(waitedMs(aCall("a", { marks: { queued: 1000, connected: 3000 } }), 9000)).toBe(2000);
});

it("names a caller by what is known", () => {
  expect(callerName(aCall("a"))).toBe("Maria Lind");
  expect(callerName(aCall("a", { contact_name: "" }))).toBe("+46701740605");
  expect(callerName(aCall("a", { contact_name: "", number: "" }))).toBe("");
});

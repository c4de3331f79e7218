import { describe, expect, it } from "vitest";
import { inContext, marks, tokens, wordAt } from "../src/lib/transcript";

function spoken(text: string, confidence = 0.97) {
  return text.split(" ").map((word, at) => ({ text: word, start_s: at, end_s: at + 0.5, confidence }));
}

describe("the words of the transcript", () => {
  it("carry their time, and whether they are unsure", () => {
    const [first, second] = tokens("my printer", [...spoken("my"), ...spoken("printer", 0.6)]);
    expect(first).toEqual({ text: "my", start_s: 0, end_s: 0.5, unsure: false });
    expect(second?.unsure).toBe(true);
  });

  it("are all shown where the recogniser's words differ from them", () => {
    const found = tokens("My printer, it is broken", spoken("my printer is broken"));
    expect(found.map((token) => token.text)).toEqual(["My", "printer,", "it", "is", "broken"]);
    expect(found.map((token) => token.start_s)).toEqual([0, 1, null, 2, 3]);
  });

  it("are found by the second that sounds", () => {
    const found = tokens("a b c", spoken("a b c"));
    expect(wordAt(found, 1.7)).toBe(1);
    expect(wordAt(found, -1)).toBe(-1);
  });
});

describe("words that matched", () => {
  it("are marked as whole phrases and in other forms", () => {
    expect(marks(["lösenordet", "är", "slut"], ["lösenord"])).toEqual([true, false, false]);
    expect(marks(["can", "not", "sign", "in"], ["sign in"])).toEqual([false, false, true, true]);
    expect(marks(["in", "info"], ["in"])).toEqual([true, false]);
  });

  it("are shown in their context", () => {
    const shown = inContext("hello i can not print from my laptop today because it is slow", ["print", "laptop"]);
    expect(shown).toEqual([
      { text: "…", marked: false },
      { text: "can not", marked: false },
      { text: "print", marked: true },
      { text: "from my", marked: false },
      { text: "laptop", marked: true },
      { text: "today because", marked: false },
      { text: "…", marked: false },
    ]);
  });

  it("are shown alone where the transcript has none of them", () => {
    expect(inContext("", ["printer"])).toEqual([{ text: "printer", marked: true }]);
  });
});

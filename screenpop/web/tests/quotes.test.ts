import { describe, expect, it } from "vitest";
import { quotes } from "../src/lib/quotes";

describe("the deciding words", () => {
  it("are one phrase where they stand next to each other, in the order of the transcript", () => {
    const said = "the printer has a paper jam and we can not work";
    expect(quotes(said, ["can", "not", "work", "printer", "paper", "jam"])).toEqual([
      "printer",
      "paper jam",
      "can not work",
    ]);
  });

  it("are quoted as they stand, without the punctuation around them", () => {
    expect(quotes("A Paper, jam!", ["paper", "jam"])).toEqual(["Paper jam"]);
    expect(quotes("vi kan’t logga in på Wi-Fi", ["kan’t", "wi", "fi"])).toEqual(["kan’t", "Wi Fi"]);
  });

  it("are not said again where a longer phrase says them", () => {
    expect(quotes("can you help i can not print no i can not print", ["can", "not", "print"])).toEqual(["can not print"]);
    expect(quotes("the printer yes the Printer", ["printer"])).toEqual(["printer"]);
  });

  it("are other words than those that only begin alike", () => {
    expect(quotes("print on the printer", ["print"])).toEqual(["print"]);
  });

  it("come last as they are where the transcript does not have them", () => {
    expect(quotes("it is jammed", ["by hand", "jammed"])).toEqual(["jammed", "by hand"]);
    expect(quotes("", ["printer"])).toEqual(["printer"]);
    expect(quotes("it is jammed", [])).toEqual([]);
  });
});

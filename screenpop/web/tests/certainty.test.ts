import { expect, it } from "vitest";
import { certaintyPercent } from "../src/lib/certainty";

it("is never said to be whole", () => {
  expect([0, 0.666, 0.99, 0.999, 1, 1.2].map(certaintyPercent)).toEqual([0, 67, 99, 99, 99, 99]);
});

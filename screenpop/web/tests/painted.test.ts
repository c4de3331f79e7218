import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { afterPaint } from "../src/lib/painted";

let frames: (() => void)[] = [];
const page = Object.assign(new EventTarget(), { hidden: false });

function nextFrame(): void {
  frames.splice(0).forEach((draw) => draw());
}

beforeEach(() => {
  frames = [];
  page.hidden = false;
  vi.stubGlobal("document", page);
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => frames.push(draw));
});
afterEach(() => vi.unstubAllGlobals());

it("says painted after the drawing of the frame, not before", async () => {
  const [painted, hidden] = [vi.fn(), vi.fn()];
  afterPaint(painted, hidden);
  expect(painted).not.toHaveBeenCalled();
  nextFrame();
  expect(painted).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(painted).toHaveBeenCalledOnce());
  expect(hidden).not.toHaveBeenCalled();
});

it("says hidden at once where nobody can see the page", () => {
  const [painted, hidden] = [vi.fn(), vi.fn()];
  page.hidden = true;
  afterPaint(painted, hidden);
  expect(hidden).toHaveBeenCalledOnce();
});

it("says hidden, once, where the page is hidden while it draws", async () => {
  const [painted, hidden] = [vi.fn(), vi.fn()];
  afterPaint(painted, hidden);
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  nextFrame();
  await new Promise((resolve) => setTimeout(resolve));
  expect(hidden).toHaveBeenCalledOnce();
  expect(painted).not.toHaveBeenCalled();
});

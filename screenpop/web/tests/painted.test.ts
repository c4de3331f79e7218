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

it("says painted when the frame after the drawing begins, not before", () => {
  const [painted, hidden] = [vi.fn(), vi.fn()];
  afterPaint(painted, hidden);
  nextFrame();
  expect(painted).not.toHaveBeenCalled();
  nextFrame();
  expect(painted).toHaveBeenCalledOnce();
  expect(hidden).not.toHaveBeenCalled();
});

it("says hidden at once where nobody can see the page", () => {
  const [painted, hidden] = [vi.fn(), vi.fn()];
  page.hidden = true;
  afterPaint(painted, hidden);
  expect(hidden).toHaveBeenCalledOnce();
});

it("says hidden, once, where the page is hidden while it draws", () => {
  const [painted, hidden] = [vi.fn(), vi.fn()];
  afterPaint(painted, hidden);
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  nextFrame();
  nextFrame();
  expect(hidden).toHaveBeenCalledOnce();
  expect(painted).not.toHaveBeenCalled();
});

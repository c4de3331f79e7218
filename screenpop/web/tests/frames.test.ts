import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { afterPaint, inNextFrame } from "../src/lib/frames";

let frames = new Map<number, () => void>();
const page = Object.assign(new EventTarget(), { hidden: false });

function nextFrame(): void {
  const due = [...frames.values()];
  frames.clear();
  due.forEach((draw) => draw());
}

function hide(): void {
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  frames = new Map();
  page.hidden = false;
  let last = 0;
  vi.stubGlobal("document", page);
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => (frames.set(++last, draw), last));
  vi.stubGlobal("cancelAnimationFrame", (frame: number) => frames.delete(frame));
});
afterEach(() => vi.unstubAllGlobals());

describe("afterPaint", () => {
  it("says painted after the frame, not in it", async () => {
    const [painted, hidden] = [vi.fn(), vi.fn()];
    afterPaint(painted, hidden);
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

  it("says hidden, once, where the page is hidden before it was drawn", () => {
    const [painted, hidden] = [vi.fn(), vi.fn()];
    afterPaint(painted, hidden);
    hide();
    nextFrame();
    expect(hidden).toHaveBeenCalledOnce();
    expect(painted).not.toHaveBeenCalled();
  });
});

describe("inNextFrame", () => {
  it("waits for the frame", () => {
    const work = vi.fn();
    inNextFrame(work);
    expect(work).not.toHaveBeenCalled();
    nextFrame();
    expect(work).toHaveBeenCalledOnce();
  });

  it("waits no longer than a moment where frames are rare", () => {
    vi.useFakeTimers();
    const work = vi.fn();
    inNextFrame(work);
    vi.advanceTimersByTime(100);
    nextFrame();
    expect(work).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });

  it("waits for none where the page draws none", () => {
    const [before, after] = [vi.fn(), vi.fn()];
    inNextFrame(before);
    hide();
    inNextFrame(after);
    nextFrame();
    expect(before).toHaveBeenCalledOnce();
    expect(after).toHaveBeenCalledOnce();
  });
});

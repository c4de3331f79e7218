/** Work in step with the screen: what is rendered once a frame, and when it has been drawn. */

/** No frame for so long: the browser draws this page seldom, and what is known must not wait for that. */
const NO_FRAME_MS = 100;

/** Calls `work` before the next frame is drawn; at once where this page draws none, soon where it draws seldom. */
export function inNextFrame(work: () => void): void {
  let isDone = false;
  const once = () => {
    clearTimeout(late);
    if (!isDone) work();
    isDone = true;
  };
  const late = setTimeout(once, NO_FRAME_MS);
  whenDrawing(once, once);
}

/**
 * Calls `painted` once the next frame has been drawn, or `hidden` where this page draws none.
 *
 * The first animation frame comes before the drawing, the second after it.
 */
export function afterPaint(painted: () => void, hidden: () => void): void {
  whenDrawing(() => whenDrawing(painted, hidden), hidden);
}

/** One of the two, once: `visible` in the next animation frame, `hidden` as soon as nobody can see the page. */
function whenDrawing(visible: () => void, hidden: () => void): void {
  if (document.hidden) {
    hidden();
    return;
  }
  const settle = (outcome: () => void) => {
    document.removeEventListener("visibilitychange", onChange);
    cancelAnimationFrame(frame);
    outcome();
  };
  const onChange = () => {
    if (document.hidden) settle(hidden);
  };
  document.addEventListener("visibilitychange", onChange);
  const frame = requestAnimationFrame(() => settle(visible));
}

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
 * Calls `painted` once the next frame has been painted, or `hidden` where this page paints none.
 *
 * Painted as the Paint Timing specification has it (paintTime): styled, laid out, painted and handed to the
 * compositor, all of which the browser does after the animation frame's work and before its next task. The pixels
 * follow within a frame or two: no page is told when, and a telephone takes longer to ring.
 */
export function afterPaint(painted: () => void, hidden: () => void): void {
  whenDrawing(() => inNextTask(painted), hidden);
}

function inNextTask(work: () => void): void {
  const { port1, port2 } = new MessageChannel(); // a timer would come later
  port1.onmessage = () => {
    port1.close();
    work();
  };
  port2.postMessage(null);
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

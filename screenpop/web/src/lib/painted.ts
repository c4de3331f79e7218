/** Tells when what was rendered is on the screen: the phone rings only after that. */

/**
 * Calls `painted` once the next frame has been drawn, or `hidden` where this page draws none.
 *
 * The first animation frame comes before the drawing, the second after it.
 */
export function afterPaint(painted: () => void, hidden: () => void): void {
  let settled = false;
  const settle = (outcome: () => void) => {
    if (settled) return;
    settled = true;
    document.removeEventListener("visibilitychange", onChange);
    outcome();
  };
  const onChange = () => {
    if (document.hidden) settle(hidden);
  };
  if (document.hidden) {
    hidden();
    return;
  }
  document.addEventListener("visibilitychange", onChange);
  requestAnimationFrame(() => requestAnimationFrame(() => settle(painted)));
}

/** A certainty from 0 to 1 in whole percent; never 100, since no machine is wholly sure. */
export function certaintyPercent(certainty: number): number {
  return Math.min(99, Math.max(0, Math.round(certainty * 100)));
}

/** Reads the messages of the live connection. */

import { FRAME_TYPES, type Frame } from "./records";

const TYPES = new Set<string>(FRAME_TYPES);

/** The message in this text, or null where it is none that we know: a newer server may say more. */
export function readMessage(text: string): Frame | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("type" in value)) return null;
  return TYPES.has(String(value.type)) ? (value as Frame) : null;
}

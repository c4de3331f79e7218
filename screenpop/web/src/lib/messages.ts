/** The messages of the live connection, as docs/architecture.md lays them down. */

import type { Agent, Call, PhoneKind, PresenceState } from "./records";

/** An agent's browser is asked to show this call before the phone rings. */
export interface PendingOffer {
  offer_id: string;
  call_id: string;
}

export interface Snapshot {
  type: "snapshot";
  epoch: string;
  cursor: number;
  me: Agent;
  agents: Agent[];
  calls: Call[];
  offers: PendingOffer[];
}

export type ServerMessage =
  | Snapshot
  | { type: "resumed"; epoch: string; cursor: number; offers: PendingOffer[] }
  | { type: "call"; cursor: number; call: Call }
  | { type: "presence"; cursor: number; agent: Agent }
  | ({ type: "offer" } & PendingOffer)
  | { type: "error"; code: string; message: string };

export type ClientMessage =
  | { type: "painted"; offer_id: string }
  | { type: "hidden"; offer_id: string }
  | { type: "presence"; presence: PresenceState; reason: string; phone: PhoneKind };

const TYPES = new Set(["snapshot", "resumed", "call", "presence", "offer", "error"]);

/** The message in this text, or null where it is none that we know: a newer server may say more. */
export function readMessage(text: string): ServerMessage | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("type" in value)) return null;
  return TYPES.has(String(value.type)) ? (value as ServerMessage) : null;
}

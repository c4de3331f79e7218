/** What can be wrong with the microphone; each has its text. */

export type MicrophoneProblem = "denied" | "missing" | "busy" | "insecure" | "unknown";

/** What is wrong, from what getUserMedia has said. */
export function microphoneProblem(error: unknown): MicrophoneProblem {
  if (!window.isSecureContext) return "insecure";
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
      return "busy";
    default:
      return "unknown";
  }
}

/** Asks for the microphone and lets go of it: what is wrong shows before a caller waits for it. */
export async function checkMicrophone(): Promise<MicrophoneProblem | null> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    stream.getTracks().forEach((track) => track.stop());
    return null;
  } catch (error) {
    return microphoneProblem(error);
  }
}

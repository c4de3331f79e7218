/** The ring of the desk: two soft notes, made here, so that no sound file is needed. */

const EVERY_MS = 2500;
const NOTES_HZ = [659.3, 880];
const NOTE_S = 0.16;
const LOUDNESS = 0.12;

export class RingTone {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** True while the browser waits for a click or key before it lets a page sound. */
  get isBlocked(): boolean {
    return !navigator.userActivation.hasBeenActive;
  }

  /** Rings until `stop`; calling it again changes nothing. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.once();
    this.#timer = setInterval(() => this.once(), EVERY_MS);
  }

  /** One ring: tells of a second call without covering the first. */
  once(): void {
    if (this.isBlocked) return;
    const context = (this.#context ??= new AudioContext());
    NOTES_HZ.forEach((hertz, index) => this.#note(context, hertz, context.currentTime + index * NOTE_S));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #note(context: AudioContext, hertz: number, at: number): void {
    const [tone, loudness] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + NOTE_S * 3);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + NOTE_S * 3);
  }
}

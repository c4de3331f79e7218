/** Plays the caller's own voice, and tells where in it we are, so that the words can follow. */

const SPEEDS = [1, 1.5, 2] as const;

export class Voice {
  isPlaying = $state(false);
  /** Seconds from the start of the recording. */
  at_s = $state(0);
  /** Seconds; 0 until it is known. */
  length_s = $state(0);
  speed = $state<number>(SPEEDS[0]);
  failed = $state(false);
  #address: string;
  #opened: HTMLAudioElement | null = null;

  /** Nothing is fetched, and no time of the pop spent, before the first play. */
  constructor(address: string) {
    this.#address = address;
  }

  toggle(): void {
    if (this.#sound.paused) void this.#play();
    else this.#sound.pause();
  }

  /** The next faster speed, after the fastest the normal one. */
  faster(): void {
    this.speed = SPEEDS[(SPEEDS.findIndex((speed) => speed === this.speed) + 1) % SPEEDS.length] ?? 1;
    this.#sound.playbackRate = this.speed;
  }

  /** Goes on from this second, playing. */
  jump(to_s: number): void {
    this.#sound.currentTime = to_s;
    this.at_s = to_s;
    void this.#play();
  }

  /** Silence; the file is let go. */
  close(): void {
    if (this.#opened === null) return;
    this.#opened.pause();
    this.#opened.onerror = null;
    this.#opened.removeAttribute("src");
  }

  async #play(): Promise<void> {
    this.failed = false;
    this.#sound.playbackRate = this.speed;
    try {
      await this.#sound.play();
    } catch (error) {
      // A pause before the sound came is no failure.
      this.failed = !(error instanceof DOMException && error.name === "AbortError");
    }
  }

  #follow(): void {
    this.at_s = this.#sound.currentTime;
    if (!this.#sound.paused) requestAnimationFrame(() => this.#follow());
  }

  get #sound(): HTMLAudioElement {
    return (this.#opened ??= this.#open());
  }

  #open(): HTMLAudioElement {
    const sound = new Audio(this.#address);
    sound.onplay = () => {
      this.isPlaying = true;
      this.#follow();
    };
    sound.onpause = () => (this.isPlaying = false);
    sound.ondurationchange = () => (this.length_s = Number.isFinite(sound.duration) ? sound.duration : 0);
    sound.onseeked = () => (this.at_s = sound.currentTime);
    sound.onerror = () => (this.failed = true);
    return sound;
  }
}

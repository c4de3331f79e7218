/** The microphone: its sound for a call, and how loud it is for a meter. */

import { microphoneProblem, type MicrophoneProblem } from "./microphone-problem";

/** Speech at this RMS fills the meter: about a third of full scale. */
const LOUD_RMS = 0.3;

export class Microphone {
  stream = $state.raw<MediaStream | null>(null);
  problem = $state<MicrophoneProblem | null>(null);
  /** 0 silent to 1 loud, each animation frame. */
  level = $state(0);
  #context: AudioContext | null = null;

  /** Asks the person and the machine; afterwards there is a `stream` or a `problem`. */
  async open(): Promise<void> {
    if (this.stream !== null) return;
    this.problem = null;
    try {
      // Outside a secure context browsers have no mediaDevices at all.
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      this.problem = microphoneProblem(error);
      return;
    }
    this.#measure(this.stream);
  }

  close(): void {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.level = 0;
    void this.#context?.close();
    this.#context = null;
  }

  #measure(stream: MediaStream): void {
    const context = (this.#context = new AudioContext());
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const measure = () => {
      if (this.stream !== stream) return;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // The square root makes quiet speech visible.
      this.level = Math.min(1, Math.sqrt(Math.sqrt(power) / LOUD_RMS));
      requestAnimationFrame(measure);
    };
    measure();
  }
}

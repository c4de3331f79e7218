// Watches a page from inside, from before any of its own script runs; the tests ask it as `witness`.
window.witness = {
  connections: [],
  sounds: [],
  // Each text that the list of calls has shown for a call, in their order: {stage, about, at_ms}.
  listed: [],
  // The caller's words in the order in which they were lit while the caller's voice played.
  sounded: [],
  // What the screen showed in the very moment in which the telephone first rang.
  atFirstRing: null,

  async soundReceived() {
    const all = [...(await this.connections.at(-1).getStats()).values()];
    return all.find((one) => one.type === "inbound-rtp" && one.kind === "audio") ?? {};
  },

  look() {
    for (const item of document.querySelectorAll('[data-testid="call-item"]')) {
      const seen = { stage: item.dataset.stage, about: item.querySelector(".about")?.innerText ?? "" };
      const last = this.listed.at(-1);
      if (last?.stage !== seen.stage || last.about !== seen.about) this.listed.push({ ...seen, at_ms: Date.now() });
    }
    const lit = document.querySelector('[data-testid="pop-transcript"] .sounding')?.innerText;
    if (lit && this.sounded.at(-1) !== lit) this.sounded.push(lit);
    const isRinging = document.querySelector('[data-testid="softphone-state"][data-state="ringing"]');
    if (isRinging && this.atFirstRing === null) this.atFirstRing = this.screen();
  },

  screen() {
    const text = (testid) => document.querySelector(`[data-testid="${testid}"]`)?.innerText ?? "";
    const suggestions = [...document.querySelectorAll('[data-testid="suggestion"]')];
    const painted = performance.getEntriesByType("mark").find((mark) => mark.name.startsWith("pop-painted:"));
    return {
      painted_ms: painted?.startTime ?? null,
      rang_ms: performance.now(),
      caller: text("pop-caller"),
      number: text("pop-case"),
      priority: text("pop-priority"),
      transcript: text("pop-transcript"),
      suggestions: suggestions.map((one) => one.dataset.article),
      marked: suggestions.map((one) => [...one.querySelectorAll("mark")].map((mark) => mark.innerText)),
    };
  },
};

window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    witness.connections.push(this);
  }
};
window.Audio = class extends Audio {
  constructor(...given) {
    super(...given);
    witness.sounds.push(this);
  }
};
new MutationObserver(() => witness.look()).observe(document, {
  subtree: true,
  childList: true,
  characterData: true,
  attributes: true,
});

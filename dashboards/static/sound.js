// Tones per level, made here: nothing to load, nothing to fail. An emergency insists, a call asks, the rest speak once.
const NOTES = {
  emergency: { every: 2200, gain: 0.9, type: "square", notes: [[880, 0, 0.2], [622, 0.22, 0.2], [880, 0.44, 0.2], [622, 0.66, 0.2], [988, 0.9, 0.5]] },
  urgent: { every: 4500, gain: 0.6, type: "triangle", notes: [[784, 0, 0.18], [784, 0.28, 0.18], [784, 0.56, 0.3]] },
  call: { every: 8000, gain: 0.45, type: "sine", notes: [[659, 0, 0.35], [523, 0.4, 0.6]] },
  check: { every: 0, gain: 0.35, type: "sine", notes: [[587, 0, 0.5]] },
  request: { every: 0, gain: 0.25, type: "sine", notes: [[523, 0, 0.35], [659, 0.3, 0.4]] },
  technical: { every: 0, gain: 0.2, type: "sine", notes: [[440, 0, 0.3]] },
  not_live: { every: 0, gain: 0.8, type: "sawtooth", notes: [[440, 0, 0.35], [330, 0.4, 0.35], [247, 0.8, 0.8]] },
};
export const LEVELS = ["emergency", "urgent", "call", "check", "request", "technical"];
const BUZZ = { emergency: [400, 150, 400, 150, 600], urgent: [300, 150, 300], call: [250], not_live: [600, 200, 600] };

let context = null;
let lastPlayed = 0;

function show() {
  document.body.dataset.sound = isOn() ? "on" : "off";
}

export function isOn() {
  return context !== null && context.state === "running";
}

export async function switchOn() {
  context ??= new AudioContext({ latencyHint: "interactive" });
  context.onstatechange = show;
  if (context.state !== "running") await context.resume();
  show();
}

export function play(name) {
  const sound = NOTES[name];
  if (navigator.vibrate && BUZZ[name]) navigator.vibrate(BUZZ[name]);
  if (!isOn()) return;
  const start = context.currentTime + 0.02;
  for (const [hertz, at, seconds] of sound.notes) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = sound.type;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, start + at);
    volume.gain.linearRampToValueAtTime(sound.gain * 0.5, start + at + 0.015);
    volume.gain.setValueAtTime(sound.gain * 0.5, start + at + seconds * 0.6);
    volume.gain.linearRampToValueAtTime(0, start + at + seconds);
    tone.connect(volume).connect(context.destination);
    tone.start(start + at);
    tone.stop(start + at + seconds);
  }
}

// Sound what is due: the most serious level that rings now, at its own pace, and at once what has just rung anew.
export function ring(levels, anew) {
  const sounding = LEVELS.find((level) => levels.has(level) && NOTES[level].every) ?? "";
  document.body.dataset.sounding = sounding;
  const fresh = LEVELS.find((level) => anew.has(level));
  const name = fresh && (!sounding || LEVELS.indexOf(fresh) <= LEVELS.indexOf(sounding)) ? fresh : sounding;
  if (!name) return;
  const since = performance.now() - lastPlayed;
  if (name === fresh ? since > 400 : since >= NOTES[name].every) {
    lastPlayed = performance.now();
    play(name);
  }
}

// The ids of requests. What got no answer is asked again under its own id, so that it can only be done once; but only
// for a while: the hub may have done it since, and would take the next call of the night for that one, and do nothing.
const AGAIN_MS = 30000;
const unanswered = new Map();

export function idOf(key) {
  const known = unanswered.get(key);
  if (known && performance.now() - known.at < AGAIN_MS) return known.id;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  unanswered.set(key, { id, at: performance.now() });
  return id;
}

export function answered(key) {
  unanswered.delete(key);
}

// Asking the hub. A request that got no answer is asked again under its own id, so that it can only be done once.
import { words } from "./words.js";

const DEADLINE_MS = 8000;
const unanswered = new Map();

function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function ask(wish) {
  const key = JSON.stringify(wish);
  const id = unanswered.get(key) ?? freshId();
  unanswered.set(key, id);
  let response;
  let answer;
  try {
    response = await fetch("/do", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id, ...wish }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    answer = await response.json();
  } catch {
    return { ok: false, decided: false, reason: words.failed };
  }
  if (response.status === 401) location.replace("/code");
  if (response.ok) unanswered.delete(key);
  return { ...answer, decided: response.ok };
}

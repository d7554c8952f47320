// Asking the hub. A request that got no answer is asked again under its own id, so that it can only be done once.
import { answered, idOf } from "./ids.js";
import { words } from "./words.js";

const DEADLINE_MS = 8000;

export async function ask(wish) {
  const key = JSON.stringify(wish);
  const id = idOf(key);
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
  if (response.ok) answered(key);
  return { ...answer, decided: response.ok };
}

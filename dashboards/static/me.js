// Who holds this device: remembered on it, for a shift.
const KEY = "handrail_me";
const SHIFT_S = 14 * 3600;

function stored() {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept) return kept;
  } catch {
    // A browser that keeps nothing still has the cookie.
  }
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${KEY}=`));
  return found ? decodeURIComponent(found.slice(KEY.length + 1)) : null;
}

function load() {
  try {
    const kept = JSON.parse(stored() ?? "null");
    return kept && (kept.id || kept.wall) ? kept : null;
  } catch {
    return null;
  }
}

export let me = load();

export function setMe(who) {
  me = who;
  const text = who ? JSON.stringify(who) : "";
  try {
    if (who) localStorage.setItem(KEY, text);
    else localStorage.removeItem(KEY);
  } catch {
    // See above.
  }
  document.cookie = `${KEY}=${encodeURIComponent(text)}; path=/; SameSite=Strict; max-age=${who ? SHIFT_S : 0}`;
  document.body.dataset.me = who ? (who.wall ? "wall" : who.id) : "";
}

// A screen that hangs in a place can prove presence there: open it once as /?place=NAME.
const given = new URLSearchParams(location.search).get("place");
try {
  if (given !== null) localStorage.setItem("handrail_place", given);
} catch {
  // Then the address has to name it each time.
}

export function placeOfThisScreen() {
  try {
    return given ?? localStorage.getItem("handrail_place") ?? "";
  } catch {
    return given ?? "";
  }
}

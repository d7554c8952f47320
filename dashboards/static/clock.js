// The hub's time of day, not the phone's: every beat sets it.
let ahead = 0;
let zone = "UTC";
let shape = null;

export function setClock(wallMs) {
  ahead = wallMs - Date.now();
}

export function setZone(name) {
  if (name === zone && shape) return;
  zone = name;
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  try {
    shape = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
  } catch {
    shape = new Intl.DateTimeFormat("en-GB", options);
  }
}

export function now() {
  return Date.now() + ahead;
}

export function timeOfDay(wallMs) {
  if (!shape) setZone(zone);
  return shape.format(wallMs);
}

// What the watcher told while the hub is gone: a plain list, each with who heard it, and what of it shall sound.
import { ask } from "./ask.js";
import { timeOfDay } from "./clock.js";
import { item, shape } from "./parts.js";
import { say, words } from "./words.js";

const page = (id) => document.getElementById(id);
const lines = new Map();
const rung = new Map();
let told = { in_charge: false, calls: [] };

export function take(picture) {
  told = picture;
}

// A hub that is well shows these calls itself; a watcher that is gone leaves its list behind.
export function calls(live) {
  return told.in_charge || !live ? told.calls : [];
}

export function showWatcher(live, staff, whoActs) {
  const shown = calls(live);
  const open = new Set(shown.map((call) => call.id));
  for (const [id, line] of lines) {
    if (open.has(id)) continue;
    line.remove();
    lines.delete(id);
    rung.delete(id);
  }
  page("watcher").hidden = shown.length === 0;
  if (!shown.length) page("watcher-error").hidden = true;
  shown.forEach((call, place) => {
    const known = lines.get(call.id);
    const line = known ?? item("li", "");
    const words_ = JSON.stringify([call, staff.length]);
    if (line.dataset.words !== words_) fill(line, call, words_, staff, whoActs);
    lines.set(call.id, line);
    const list = page("watcher-list");
    if (list.children[place] !== line) list.insertBefore(line, list.children[place] ?? null);
  });
}

function fill(line, call, words_, staff, whoActs) {
  line.dataset.words = words_;
  line.dataset.told = call.id;
  line.dataset.level = call.level;
  line.dataset.heard = call.heard_by ? "yes" : "no";
  const who = item("div", "", "watcher-who");
  const where = call.where ? `, ${call.where}` : "";
  who.append(item("b", `${call.title}${where}`));
  who.append(item("span", [call.reason, timeOfDay(call.pressed_wall_ms), call.presses].filter(Boolean).join(" · ")));
  const parts = [shape(call.level, call.level_word), who];
  if (call.heard_by) {
    const name = staff.find((row) => row.id === call.heard_by)?.name ?? call.heard_by;
    parts.push(item("small", say("heard_by", { name })));
  } else {
    const button = item("button", words.heard, "button");
    button.type = "button";
    button.dataset.do = "heard";
    button.addEventListener("click", () => heard(button, call.id, whoActs));
    parts.push(button);
  }
  line.replaceChildren(...parts);
}

async function heard(button, id, whoActs) {
  const by = await whoActs();
  if (!by) return;
  button.setAttribute("aria-busy", "true");
  const answer = await ask({ do: "heard", by, alert: id });
  button.removeAttribute("aria-busy");
  page("watcher-error").textContent = answer.ok ? "" : answer.reason;
  page("watcher-error").hidden = answer.ok;
}

// Adds the levels that ring now, and those that have just rung anew.
export function ringing(live, levels, anew) {
  for (const call of calls(live)) {
    if (call.heard_by) continue;
    levels.add(call.level);
    if (rung.get(call.id) !== call.rings) anew.add(call.level);
    rung.set(call.id, call.rings);
  }
}

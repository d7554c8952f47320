// The night board: follows the stream, shows what is open, rings, and says loudly when it cannot be relied on.
import { ask } from "./ask.js";
import { Card } from "./card.js";
import { now, setClock, setZone, timeOfDay } from "./clock.js";
import { holdOrTwoTaps } from "./hold.js";
import { me, placeOfThisScreen, setMe } from "./me.js";
import { item, shape, tile } from "./parts.js";
import * as sound from "./sound.js";
import * as stay from "./stay.js";
import * as walk from "./walk.js";
import * as watcher from "./watcher.js";
import { ago, plainly, say, words } from "./words.js";

const SILENT_MS = 6000;
const BROKEN_MS = 3000;
const GONE_MS = 8000;
const page = (id) => document.getElementById(id);
const cards = new Map();
const rung = new Map();
const outOfSight = new Set();
let board = null;
let beat = null;
let stream = null;
let heardAt = performance.now();
let brokenAt = null;
let notLiveSince = null;
let missingSince = null;
let wakeLock = null;

// -- the stream ------------------------------------------------------------------------------------------------------

function follow() {
  stream?.close();
  stream = new EventSource("/live");
  const heard = () => {
    heardAt = performance.now();
    brokenAt = null;
  };
  stream.addEventListener("board", (event) => {
    heard();
    show(JSON.parse(event.data));
  });
  stream.addEventListener("beat", (event) => {
    heard();
    beat = JSON.parse(event.data);
    setClock(beat.wall_ms);
    judge();
    tickWords();
  });
  stream.addEventListener("watcher", (event) => {
    heard();
    watcher.take(JSON.parse(event.data));
    showWatcher();
    soundTick();
  });
  stream.onerror = () => {
    brokenAt ??= performance.now();
  };
}

// A stream the browser has given up is opened anew; one that was turned away sends us to the house code.
async function reopen() {
  if (stream.readyState !== EventSource.CLOSED) return;
  follow();
  try {
    const answer = await fetch("/", { redirect: "manual" });
    if (answer.type === "opaqueredirect") location.replace("/code");
  } catch {
    // Still away: the stream tries on.
  }
}

function judge() {
  const time = performance.now();
  const cut = time - heardAt > SILENT_MS || (brokenAt !== null && time - brokenAt > BROKEN_MS);
  if (!beat && !cut) return;
  const live = !cut && beat.live;
  if (!live && notLiveSince === null) {
    notLiveSince = now();
    if (document.body.dataset.live === "yes") sound.play("not_live");
  }
  if (live) notLiveSince = null;
  document.body.dataset.live = live ? "yes" : "no";
  page("not-live").hidden = live;
  if (!live) {
    setText("not-live-why", cut ? words.stream_lost : beat.why);
    setText("not-live-since", say("since", { time: timeOfDay(notLiveSince) }));
  }
  page("degraded").hidden = !(live && beat.state === "degraded");
  setText("degraded", `${words.degraded}: ${beat?.why ?? ""}`);
}

// Alerts are announced when a banner's words change, so words are only written when they do.
function setText(id, text) {
  const element = page(id);
  if (element.textContent !== text) element.textContent = text;
}

// -- the picture -----------------------------------------------------------------------------------------------------

function show(picture) {
  const before = board;
  board = picture;
  setZone(board.timezone);
  announce(before);
  showCards();
  showShift();
  showStaff();
  showClosed();
  showNotes();
  page("fire").hidden = board.mode !== "fire";
  page("seen").hidden = board.mode !== "fire";
  page("seen-list").replaceChildren(...board.seen.map((row) => {
    const line = item("li", "");
    const near = row.near && row.near_wall_ms ? say("near", { place: row.near, ago: ago(now() - row.near_wall_ms) }) : row.near;
    line.append(item("b", row.name), ` ${[row.room, near, row.moves_with].filter(Boolean).join(" · ")}`);
    return line;
  }));
  page("fire-mode").querySelector(".button-label").textContent = board.mode === "fire" ? words.fire_off : words.fire_on;
  setText("home", board.home);
  setText("more", board.more);
  walk.show(board);
  stay.show(board);
  showMe();
  soundTick();
}

function showCards() {
  const holder = page("cards");
  const open = new Set(board.cards.map((data) => data.id));
  for (const [id, card] of cards) {
    if (open.has(id)) continue;
    sight.unobserve(card.element);
    outOfSight.delete(id);
    card.element.remove();
    cards.delete(id);
    rung.delete(id);
  }
  board.cards.forEach((data, place) => {
    let card = cards.get(data.id);
    if (!card) {
      card = new Card(whoActs);
      cards.set(data.id, card);
    }
    card.fill(data, board);
    if (holder.children[place] !== card.element) holder.insertBefore(card.element, holder.children[place] ?? null);
    if (data.level === "emergency") sight.observe(card.element);
  });
  showPinned();
}

const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) outOfSight.delete(entry.target.dataset.alert);
    else outOfSight.add(entry.target.dataset.alert);
  }
  showPinned();
}, { threshold: 0.25 });

// Emergencies never scroll off: one that is out of sight keeps a line at the top.
function showPinned() {
  const lines = (board?.cards ?? []).filter((data) => data.level === "emergency" && outOfSight.has(data.id));
  page("pinned").replaceChildren(...lines.map((data) => {
    const line = item("button", "");
    line.type = "button";
    line.dataset.pinned = data.id;
    line.dataset.taken = data.quiet || data.state !== "told" ? "yes" : "no";
    const where = data.unknown_device ? "" : data.where;
    line.append(shape(data.level, data.level_word), item("span", [data.title, where].filter(Boolean).join(" · "), "pin-who"));
    const taker = data.attended_by ?? data.claimed_by;
    if (data.test) line.append(item("small", words.test));
    if (taker) line.append(item("small", taker));
    line.addEventListener("click", () => cards.get(data.id)?.element.scrollIntoView({ block: "start" }));
    return line;
  }));
}

function showWatcher() {
  watcher.showWatcher(document.body.dataset.live === "yes", board?.staff ?? [], whoActs);
}

function announce(before) {
  const known = new Map((before?.cards ?? []).map((data) => [data.id, data]));
  const fresh = board.cards.filter((data) => !known.has(data.id));
  const text = (data) => say("announce", { level: data.level_word, title: data.title, where: data.where, reason: data.reason });
  const serious = fresh.filter((data) => data.level === "emergency");
  if (serious.length) page("announce").textContent = serious.map(text).join(" ");
  const rest = fresh.filter((data) => data.level !== "emergency").map(text);
  const open = new Set(board.cards.map((data) => data.id));
  for (const data of known.values()) if (!open.has(data.id)) rest.push(say("announce_closed", { title: data.title }));
  if (rest.length) page("announce-politely").textContent = rest.join(" ");
}

function showShift() {
  const names = board.shift.map((row) => item("li", row.name));
  const nobody = item("li", words.nobody_on_shift, "shift-nobody");
  page("shift").replaceChildren(...(names.length ? names : [nobody]));
  const line = names.length ? `${words.on_shift}: ${board.shift.map((row) => row.name).join(", ")}` : words.nobody_on_shift;
  setText("quiet-shift", line);
}

function showClosed() {
  page("closed").replaceChildren(...board.closed.map((row) => {
    const line = item("li", "");
    const mark = shape(row.level, row.level_word);
    mark.style.color = `var(--${row.level})`;
    const who = item("span", "");
    who.append(item("b", row.title), row.where ? ` ${row.where}` : "");
    const how = [row.ending, row.by && say("by", { name: row.by }), say("waited", { time: plainly(row.waited_ms) })];
    line.append(item("time", timeOfDay(row.closed_wall_ms)), mark, who, item("span", how.filter(Boolean).join(" · "), "how"));
    line.dataset.closed = row.id;
    return line;
  }));
  page("closed-none").hidden = board.closed.length > 0;
}

function showNotes() {
  const { notes } = board;
  setText("notes-line", notes.lines.length ? notes.lines.join(" · ") : words.more);
  const strangers = notes.strangers.map((row) => [row.device, timeOfDay(row.first_wall_ms), row.note].filter(Boolean).join(" · "));
  page("notes-list").replaceChildren(...[...notes.overdue, ...notes.faulty, ...strangers, ...notes.unread].map((text) => item("li", text)));
}

// -- who holds this device -------------------------------------------------------------------------------------------

function showStaff() {
  const on = new Set(board.shift.map((row) => row.id));
  page("staff").replaceChildren(...board.staff.map((row) => {
    const note = on.has(row.id) ? `${row.note}, ${words.already_on}` : row.note;
    const button = tile({ name: row.name, note }, { do: "sign_on", by: row.id, on: on.has(row.id) ? "yes" : "no" });
    button.addEventListener("click", () => signOn(button, row.id, row.name));
    return button;
  }));
}

function showMe() {
  if (me?.id) {
    const here = board.shift.some((row) => row.id === me.id);
    missingSince = here ? null : (missingSince ?? performance.now());
    if (missingSince !== null && performance.now() - missingSince > GONE_MS) setMe(null);
  }
  const quiet = me && board.cards.length === 0 && page("watcher").hidden && !walk.isOpen() && !stay.isOpen();
  document.body.dataset.quiet = quiet ? "yes" : "no";
  document.body.dataset.me = me ? (me.wall ? "wall" : me.id) : "";
  page("quiet").hidden = !quiet;
  page("sign-on").hidden = Boolean(me);
  page("tonight").hidden = !me;
  page("paper").hidden = !me;
  page("me").dataset.do = me?.id ? "sign_off" : "";
  setText("me-name", me?.id ? me.name : me ? words.wall_name : words.sign_on);
  setText("me-hint", me?.id ? words.sign_off : me ? words.sign_on : words.who);
  for (const card of cards.values()) card.arrange();
}

async function signOn(button, id, name) {
  const known = board.staff.find((row) => row.name.toLowerCase() === name.toLowerCase());
  const by = known?.id ?? id;
  page("sign-on-error").hidden = true;
  button.setAttribute("aria-busy", "true");
  const answer = await ask({ do: "sign_on", by });
  button.removeAttribute("aria-busy");
  if (!answer.ok) {
    setText("sign-on-error", answer.reason);
    page("sign-on-error").hidden = false;
    return;
  }
  missingSince = null;
  setMe({ id: by, name: known?.name ?? name });
  showMe();
  scrollTo(0, 0);
}

async function signOff() {
  if (!me) {
    page("sign-on").scrollIntoView();
    page("sign-on").focus();
    return;
  }
  if (!me.wall) {
    const answer = await ask({ do: "sign_off", by: me.id });
    if (!answer.decided) {
      note(answer.reason);
      return;
    }
  }
  setMe(null);
  showMe();
}

// On a wall screen, and before signing on, each deed asks who does it.
function whoActs() {
  if (me?.id) return Promise.resolve(me.id);
  const people = board.shift.length ? board.shift : board.staff;
  const dialog = page("who-acts");
  return new Promise((resolve) => {
    page("who-acts-tiles").replaceChildren(...people.map((row) => {
      const button = tile(row, { by: row.id });
      button.addEventListener("click", () => dialog.close(row.id));
      return button;
    }));
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    dialog.showModal();
  });
}

function note(text) {
  setText("assist-note", text);
  page("assist-note").hidden = !text;
  if (text) setTimeout(() => note(""), 8000);
}

// -- sound and time --------------------------------------------------------------------------------------------------

function ringsHere(data) {
  if (data.quiet || data.state === "attended") return false;
  if (board.mode === "fire" && data.level !== "emergency") return false;
  if (!me?.id) return true;
  if (data.caller_id === me.id || data.claimed_id === me.id) return false;
  return data.everybody || data.told_ids.length === 0 || data.told_ids.includes(me.id);
}

function soundTick() {
  const levels = new Set();
  const anew = new Set();
  for (const data of board?.cards ?? []) {
    const here = ringsHere(data);
    const mine = me?.id && [data.attended_id, data.claimed_id, data.promised_id].includes(me.id);
    if (here) levels.add(data.level);
    if ((here || mine) && rung.get(data.id) !== data.rings && (here || rung.has(data.id))) anew.add(data.level);
    rung.set(data.id, data.rings);
  }
  watcher.ringing(document.body.dataset.live === "yes", levels, anew);
  sound.ring(levels, anew);
  page("sound-bar").hidden = sound.isOn();
}

function tickWords() {
  const clock = timeOfDay(now());
  setText("clock", clock);
  setText("quiet-clock", clock);
  for (const card of cards.values()) card.tick();
  walk.tick();
}

function tick() {
  if (beat) tickWords();
  judge();
  showWatcher();
  soundTick();
  if (board) showMe();
  reopen();
}

async function stayAwake() {
  if (!navigator.wakeLock || document.visibilityState !== "visible" || (wakeLock && !wakeLock.released)) return;
  wakeLock = await navigator.wakeLock.request("screen").catch(() => null);
}

// -- beginning -------------------------------------------------------------------------------------------------------

page("agency").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = page("agency-name").value.trim();
  if (name) signOn(event.submitter ?? page("agency-name"), name, name);
});
page("wall").addEventListener("click", () => {
  setMe({ wall: true });
  showMe();
});
page("me").addEventListener("click", signOff);
walk.begin(whoActs);
stay.begin(whoActs);
page("who-acts-cancel").addEventListener("click", () => page("who-acts").close(""));
page("sound-test").addEventListener("click", () => sound.play("call"));
holdOrTwoTaps(page("assist"), () => words.assist_again, async () => {
  const by = await whoActs();
  if (!by) return;
  page("assist").setAttribute("aria-busy", "true");
  const answer = await ask({ do: "assist", by, room: placeOfThisScreen() || undefined });
  page("assist").removeAttribute("aria-busy");
  note(answer.ok ? words.assist_sent : answer.reason);
});
holdOrTwoTaps(page("fire-mode"), () => words.tap_again, async () => {
  const by = await whoActs();
  if (!by) return;
  const answer = await ask({ do: "mode", by, reason: board.mode === "fire" ? "normal" : "fire" });
  setText("notes-error", answer.ok ? "" : answer.reason);
  page("notes-error").hidden = answer.ok;
});
page("sound-bar").addEventListener("click", async () => {
  await sound.switchOn();
  sound.play("call");
});
document.addEventListener("pointerdown", () => {
  sound.switchOn();
  stayAwake();
});
document.addEventListener("keydown", () => sound.switchOn());
document.addEventListener("visibilitychange", stayAwake);
new Worker("/static/watch.js").addEventListener("message", tick);
follow();

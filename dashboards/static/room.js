// The screen of one room: what the hub says there, and four large buttons.
import { now, setClock, setZone, timeOfDay } from "./clock.js";
import * as day from "./day.js";
import { broad, fit } from "./fit.js";
import { answered, idOf } from "./ids.js";
import { plainly, say, words } from "./words.js";

const BROKEN_MS = 3000;
const SILENT_MS = 6000;
const DEADLINE_MS = 8000;
const SAID_MS = 12000;
const CALM = new Set(["answer", "choose", "not_now"]);
const RANK = ["emergency", "urgent", "call", "request"];
const body = document.body;
const room = body.dataset.room;
const base = `/room/${encodeURIComponent(room)}`;
const page = (id) => document.getElementById(id);
let picture = {};
let beat = null;
let heardAt = performance.now();
let brokenAt = null;
let spoken = "";
let saidUntil = 0;
let told = "";

setZone(body.dataset.zone);

function item(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function follow() {
  const stream = new EventSource(`${base}/live`);
  const heard = () => {
    heardAt = performance.now();
    brokenAt = null;
  };
  stream.addEventListener("room", (event) => {
    heard();
    picture = JSON.parse(event.data);
    show();
  });
  stream.addEventListener("beat", (event) => {
    heard();
    beat = JSON.parse(event.data);
    setClock(beat.wall_ms);
    judge();
  });
  stream.onerror = () => {
    brokenAt ??= performance.now();
    if (stream.readyState === EventSource.CLOSED) {
      stream.close();
      setTimeout(follow, 2000);
    }
  };
}

function judge() {
  const time = performance.now();
  const cut = time - heardAt > SILENT_MS || (brokenAt !== null && time - brokenAt > BROKEN_MS);
  const live = !cut && beat !== null && beat.live;
  body.dataset.live = live ? "yes" : "no";
  page("not-live").hidden = live || (beat === null && !cut);
  page("clock").textContent = timeOfDay(now());
  if (time > saidUntil) page("said").hidden = true;
  day.look(time);
  ages();
}

function ages() {
  for (const line of page("calls").children) {
    line.querySelector("small").textContent = say("since", { time: plainly(now() - Number(line.dataset.since)) });
  }
}

function show() {
  const calls = [...(picture.calls ?? [])].sort((one, other) => RANK.indexOf(one.level) - RANK.indexOf(other.level));
  page("calls").replaceChildren(...calls.map(line).filter(isFirst));
  const ask = picture.ask ?? null;
  body.dataset.large = picture.large ? "yes" : "";
  const text = picture.say ?? "";
  page("words").textContent = text;
  page("words").hidden = !text || Boolean(ask && ask.question === text);
  page("question").hidden = !ask;
  if (ask && page("question").dataset.episode !== `${ask.episode}/${ask.question}`) {
    page("question").dataset.episode = `${ask.episode}/${ask.question}`;
    page("question").querySelector("h1").textContent = ask.question;
    page("answers").style.setProperty("--least", broad(ask.answers, picture.large ? "360px" : "220px"));
    page("answers").replaceChildren(...ask.answers.map((answer) => answerButton(ask.episode, answer)));
  }
  page("visit").textContent = (picture.visits ?? []).map(visit).join(" · ");
  page("visit").hidden = !picture.visits?.length;
  page("quiet").hidden = !picture.not_now;
  showPicture(picture.picture ?? "");
  document.querySelector('[data-do="not_now"]').hidden = (!text && !ask) || Boolean(picture.not_now);
  // What is heard, said or asked anew is seen, whatever was open.
  const news = JSON.stringify([calls.map((call) => [call.alert, call.state, call.coming]), text, ask]);
  if (news !== told && told) day.close();
  told = news;
  day.take(picture.choices ?? []);
  speak(picture.spoken ? (ask ? ask.question : text) : "", picture.times);
  ages();
  arrange();
}

// One part has the middle of the screen: what the hub says, *My day*, or *Who is it?*
function arrange() {
  body.dataset.part = page("who").hidden ? (day.isOpen() ? "day" : "") : "who";
  page("deeds").hidden = body.dataset.part !== "";
  page("turning").hidden = body.dataset.part === "";
  page("done").textContent = body.dataset.part === "who" ? words.back : words.done;
  fit(body, { day: page("choosing"), who: page("who") }[body.dataset.part] ?? document.querySelector("main"));
}

function line(call) {
  const made = item("li", "");
  made.dataset.since = String(Date.parse(call.since));
  made.dataset.alert = call.alert;
  const by = call.promised_until ? timeOfDay(Date.parse(call.promised_until)) : null;
  const there = call.state === "attended";
  made.append(item("b", call.test ? words.test : call.level === "request" ? words.company_heard : words.heard));
  if (call.coming) {
    const how = there ? "there" : by ? "coming_by" : "coming";
    made.append(item("span", say(how, { name: call.coming, time: by })));
  }
  made.append(item("small", ""));
  return made;
}

// Said once: that two calls were heard is no news to who made them, but who else comes is.
function isFirst(made, place, lines) {
  const part = (one, tag) => one.querySelector(tag)?.textContent ?? "";
  const before = lines.slice(0, place).filter((one) => part(one, "b") === part(made, "b"));
  return !before.some((one) => !part(made, "span") || part(one, "span") === part(made, "span"));
}

function visit(one) {
  return say(one.by ? "visit" : "visit_nobody", { name: one.by, time: timeOfDay(Date.parse(one.until)) });
}

// One that this screen does not have is left out: the words say the same.
function showPicture(name) {
  const shown = page("picture");
  if (shown.dataset.name === name) return;
  shown.dataset.name = name;
  shown.hidden = true;
  if (name) shown.src = `/static/pictures/${encodeURIComponent(name)}.svg`;
}

function answerButton(episode, answer) {
  const made = item("button", answer);
  made.type = "button";
  made.className = "button";
  made.addEventListener("click", () => ask({ do: "answer", episode, answer }, made));
  return made;
}

// What is given once more to whoever forgets is spoken once more: `times` is another then.
function speak(text, times) {
  if (`${times} ${text}` === spoken) return;
  spoken = `${times} ${text}`;
  if (!("speechSynthesis" in window)) return;
  // Browsers speak only on a page that somebody has touched since it was opened.
  page("begin").hidden = !text || navigator.userActivation?.hasBeenActive !== false;
  speechSynthesis.cancel();
  if (text) speechSynthesis.speak(new SpeechSynthesisUtterance(text));
}

async function ask(wish, button) {
  const key = JSON.stringify(wish);
  const id = idOf(key);
  button.setAttribute("aria-busy", "true");
  if (wish.do === "call") tell(words.calling, true);
  let answer = null;
  try {
    const response = await fetch(`${base}/do`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id, ...wish }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (response.ok) {
      answer = await response.json();
      answered(key);
    }
  } catch {
    // Said below: a resident is told what else to do.
  }
  button.removeAttribute("aria-busy");
  tell(outcome(wish, answer), answer !== null && (answer.ok || CALM.has(wish.do)));
}

// A call that did not get through says what else to do. What was only too late says so, and frightens nobody.
function outcome(wish, answer) {
  if (answer === null || (!answer.ok && !CALM.has(wish.do))) return words.failed;
  if (!answer.ok && wish.do === "answer") return words.too_late;
  // Without a hub the watcher told everybody, and nothing else on this screen says so.
  if (answer.ok && wish.do === "call" && body.dataset.live === "no") return words.heard;
  if (answer.ok && (wish.do === "call" || wish.do === "company")) return "";
  if (answer.ok && wish.do === "choose") return say("chosen", { answer: wish.answer });
  return `${answer.reason.charAt(0).toUpperCase()}${answer.reason.slice(1)}.`;
}

function tell(text, ok) {
  page("said").textContent = text;
  page("said").hidden = !text;
  page("said").className = ok ? "" : "warning";
  saidUntil = performance.now() + SAID_MS;
  arrange();
}

// Asked each time: this page is open for months, and whoever has left or died is not named any more.
async function livesHere() {
  try {
    const response = await fetch(`${base}/people`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

async function choose(deed, button) {
  if (deed === "call") {
    ask({ do: deed }, button);
    return;
  }
  button.setAttribute("aria-busy", "true");
  const residents = await livesHere();
  button.removeAttribute("aria-busy");
  page("people").replaceChildren();
  if (residents === null) {
    tell(words.failed, false);
    return;
  }
  if (residents.length < 2) {
    ask({ do: deed }, button);
    return;
  }
  const tiles = residents.map(([resident, name]) => {
    const made = item("button", name);
    made.type = "button";
    made.className = "button";
    made.addEventListener("click", () => {
      page("who").hidden = true;
      arrange();
      ask({ do: deed, resident }, button);
    });
    return made;
  });
  day.close();
  page("next").hidden = true;
  page("more").hidden = true;
  page("people").replaceChildren(...tiles);
  page("who").hidden = false;
  arrange();
}

day.begin(ask, arrange);
page("done").addEventListener("click", () => {
  page("who").hidden = true;
  arrange();
});
for (const button of document.querySelectorAll("footer [data-do]")) {
  button.addEventListener("click", () => choose(button.dataset.do, button));
}
page("picture").addEventListener("load", () => {
  page("picture").hidden = !page("picture").dataset.name;
  arrange();
});
addEventListener("resize", arrange);
document.fonts.ready.then(arrange);
page("begin").addEventListener("click", () => {
  spoken = "";
  show();
});
if ("wakeLock" in navigator) navigator.wakeLock.request("screen").catch(() => {});
const second = new Worker("/static/watch.js");
second.onmessage = judge;
follow();

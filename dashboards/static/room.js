// The screen of one room: what the hub says there, and four large buttons.
import { now, setClock, setZone, timeOfDay } from "./clock.js";
import { plainly, say, words } from "./words.js";

const BROKEN_MS = 3000;
const SILENT_MS = 6000;
const DEADLINE_MS = 8000;
const SAID_MS = 12000;
const body = document.body;
const room = body.dataset.room;
const base = `/room/${encodeURIComponent(room)}`;
const residents = JSON.parse(body.dataset.residents);
const page = (id) => document.getElementById(id);
let picture = {};
let beat = null;
let heardAt = performance.now();
let brokenAt = null;
let spoken = "";
let saidUntil = 0;
const unanswered = new Map();

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
  if (performance.now() > saidUntil) page("said").hidden = true;
  ages();
}

function ages() {
  for (const line of page("calls").children) {
    line.querySelector("small").textContent = say("since", { time: plainly(now() - Number(line.dataset.since)) });
  }
}

function show() {
  const calls = picture.calls ?? [];
  page("calls").replaceChildren(...calls.map(line));
  const ask = picture.ask ?? null;
  const text = picture.say ?? "";
  page("words").textContent = text;
  page("words").hidden = !text || Boolean(ask && ask.question === text);
  page("question").hidden = !ask;
  if (ask && page("question").dataset.episode !== `${ask.episode}/${ask.question}`) {
    page("question").dataset.episode = `${ask.episode}/${ask.question}`;
    page("question").querySelector("h1").textContent = ask.question;
    page("answers").replaceChildren(...ask.answers.map((answer) => answerButton(ask.episode, answer)));
  }
  page("visit").textContent = (picture.visits ?? []).map(visit).join(" · ");
  page("visit").hidden = !picture.visits?.length;
  page("quiet").hidden = !picture.not_now;
  showPicture(picture.picture ?? "");
  document.querySelector('[data-do="not_now"]').hidden = (!text && !ask) || Boolean(picture.not_now);
  showChoices(picture.choices ?? []);
  speak(picture.spoken ? (ask ? ask.question : text) : "");
  ages();
}

function line(call) {
  const made = item("li", "");
  made.dataset.since = String(Date.parse(call.since));
  made.dataset.alert = call.alert;
  const by = call.promised_until ? timeOfDay(Date.parse(call.promised_until)) : null;
  const there = call.state === "attended";
  made.append(item("b", call.test ? words.test : words.heard));
  if (call.coming) {
    const how = there ? "there" : by ? "coming_by" : "coming";
    made.append(item("span", say(how, { name: call.coming, time: by })));
  }
  made.append(item("small", ""));
  return made;
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

function showChoices(choices) {
  page("day").hidden = choices.length === 0;
  if (!choices.length) page("choosing").hidden = true;
  const made = choices.map((choice) => {
    const line = item("div", "");
    line.className = "choice";
    line.append(item("p", choice.ask));
    const row = item("div", "");
    row.append(...choice.of.map((answer) => chooseButton(choice, answer)));
    line.append(row);
    return line;
  });
  page("choices").replaceChildren(...made);
}

function chooseButton(choice, answer) {
  const made = item("button", answer);
  made.type = "button";
  made.className = "button";
  made.setAttribute("aria-pressed", answer === choice.now ? "true" : "false");
  made.addEventListener("click", () => ask({ do: "choose", choice: choice.choice, answer, resident: choice.resident }, made));
  return made;
}

function speak(text) {
  if (text === spoken) return;
  spoken = text;
  if (!("speechSynthesis" in window)) return;
  // Browsers speak only on a page that somebody has touched since it was opened.
  page("begin").hidden = !text || navigator.userActivation?.hasBeenActive !== false;
  speechSynthesis.cancel();
  if (text) speechSynthesis.speak(new SpeechSynthesisUtterance(text));
}

async function ask(wish, button) {
  const key = JSON.stringify(wish);
  const id = unanswered.get(key) ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  unanswered.set(key, id);
  button.setAttribute("aria-busy", "true");
  let answer = { ok: false, reason: words.failed };
  try {
    const response = await fetch(`${base}/do`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id, ...wish }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (response.ok) {
      answer = await response.json();
      unanswered.delete(key);
    }
  } catch {
    // Said below: a resident is told what else to do.
  }
  button.removeAttribute("aria-busy");
  tell(answer.ok ? (wish.do === "call" || wish.do === "company" ? "" : answer.reason) : words.failed, answer.ok);
}

function tell(text, ok) {
  page("said").textContent = text;
  page("said").hidden = !text;
  page("said").className = ok ? "" : "warning";
  saidUntil = performance.now() + SAID_MS;
}

function choose(deed, button) {
  if (residents.length < 2 || deed === "call") {
    ask({ do: deed }, button);
    return;
  }
  const tiles = residents.map(([resident, name]) => {
    const made = item("button", name);
    made.type = "button";
    made.className = "button";
    made.addEventListener("click", () => {
      page("who").hidden = true;
      ask({ do: deed, resident }, button);
    });
    return made;
  });
  page("people").replaceChildren(...tiles);
  page("who").hidden = false;
}

for (const button of document.querySelectorAll("footer [data-do]")) {
  button.addEventListener("click", () => choose(button.dataset.do, button));
}
page("picture").addEventListener("load", () => {
  page("picture").hidden = !page("picture").dataset.name;
});
page("begin").addEventListener("click", () => {
  const text = spoken;
  spoken = "";
  speak(text);
});
if ("wakeLock" in navigator) navigator.wakeLock.request("screen").catch(() => {});
page("day").addEventListener("click", () => {
  page("choosing").hidden = !page("choosing").hidden;
});
const second = new Worker("/static/watch.js");
second.onmessage = judge;
follow();

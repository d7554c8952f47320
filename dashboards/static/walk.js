// The walk test: pick a device, press it within a minute. What was heard is a card of its own, where it is confirmed.
import { ask } from "./ask.js";
import { tile } from "./parts.js";
import { now } from "./clock.js";
import { say, words } from "./words.js";

const PRESS_MS = 60000;
const MOST = 12;
const page = (id) => document.getElementById(id);
let whoActs = null;
let devices = [];
let device = null;
let until = 0;
let seen = false;
let last = null;
let step = "";

export function isOpen() {
  return step !== "";
}

export function begin(who) {
  whoActs = who;
  page("walk-test").addEventListener("click", pick);
  page("walk-next").addEventListener("click", pick);
  page("walk-done").addEventListener("click", () => go(""));
  page("walk-find").addEventListener("input", showTiles);
  page("walk-stop").addEventListener("click", stop);
}

// "That was my test", said on its card: what was recorded is shown here.
export function recorded(reason) {
  if (step) go("done", reason);
}

async function pick() {
  page("walk-find").value = "";
  go("pick");
  page("walk").scrollIntoView({ block: "start" });
  try {
    const answer = await (await fetch("/walks")).json();
    devices = answer.ok ? answer.devices : [];
    fail(answer.ok ? "" : answer.reason);
  } catch {
    fail(words.failed);
  }
  showTiles();
}

function showTiles() {
  const wanted = page("walk-find").value.trim().toLowerCase();
  const found = devices.filter((row) => `${row.title} ${row.note}`.toLowerCase().includes(wanted));
  page("walk-tiles").replaceChildren(...found.slice(0, MOST).map((row) => {
    const button = tile({ name: row.title, note: row.note }, { walk: row.device, overdue: row.overdue ? "yes" : "no" });
    button.addEventListener("click", () => start(button, row.device));
    return button;
  }));
  page("walk-none").hidden = found.length > 0 || !devices.length;
}

async function start(button, name) {
  const by = await whoActs();
  if (!by) return;
  button.setAttribute("aria-busy", "true");
  const answer = await ask({ do: "walk", device: name, by });
  button.removeAttribute("aria-busy");
  fail(answer.ok ? "" : answer.reason);
  if (!answer.ok) return;
  device = name;
  until = now() + PRESS_MS;
  seen = false;
  go("press", say("walk_press", { device }));
  if (last) show(last);
}

async function stop() {
  const by = await whoActs();
  if (!by) return;
  const answer = await ask({ do: "walk", reason: "stop", device, by });
  fail(answer.ok ? "" : answer.reason);
  if (answer.ok) go("done", words.walk_ended);
}

// The picture is the truth: the press was heard and is a card, or the test is over.
export function show(board) {
  last = board;
  const running = board.walk;
  const strange = running && !(step === "press" && running.device === device);
  page("walk-other").hidden = !strange;
  if (step === "press" && running?.device === device) {
    seen = true;
    until = running.until_wall_ms;
  } else if (step === "press") {
    if (board.cards.some((data) => data.test?.device === device)) {
      go("heard");
      document.querySelector('.card[data-test="yes"]')?.scrollIntoView({ block: "center" });
    } else if (now() >= until - 1000) go("done", say("walk_not_heard", { device }));
    else if (seen) go("done", words.walk_ended);
  } else if (step === "heard" && !board.cards.some((data) => data.test?.device === device)) go("done", words.walk_ended);
  tick();
}

export function tick() {
  if (last?.walk && !page("walk-other").hidden) {
    const seconds = Math.max(0, Math.ceil((last.walk.until_wall_ms - now()) / 1000));
    page("walk-other").textContent = say("walk_other", { name: last.walk.by, device: last.walk.device, seconds });
  }
  if (step !== "press") return;
  const left = Math.max(0, until - now());
  drain(page("walk-ring"), left / PRESS_MS);
  page("walk-left").textContent = say("walk_left", { seconds: Math.ceil(left / 1000) });
}

// A ring that empties as time passes.
export function drain(ring, part) {
  ring.querySelector(".ring-fill").style.strokeDashoffset = String(101 - 101 * Math.min(1, part));
}

function go(to, text = "") {
  step = to;
  page("walk").hidden = !to || to === "heard";
  page("walk").dataset.step = to;
  page("walk-pick").hidden = to !== "pick";
  page("walk-press").hidden = to !== "press";
  page("walk-over").hidden = to !== "done";
  page("walk-done").hidden = to === "press";
  page("walk-press-words").textContent = to === "press" ? text : "";
  page("walk-over-words").textContent = to === "done" ? text : "";
  tick();
}

function fail(reason) {
  page("walk-error").textContent = reason;
  page("walk-error").hidden = !reason;
}

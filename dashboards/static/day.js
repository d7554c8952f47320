// *My day*: what a resident decides from day to day, one question at a time, so that nobody has to scroll for an answer.
import { broad } from "./fit.js";

const MOST = 12;
const LONG = 8;
const FORGOTTEN_MS = 90_000;
const page = (id) => document.getElementById(id);
let choices = [];
let at = 0;
let first = 0;
let until = 0;
let chosen = () => {};
let changed = () => {};

export function begin(choose, redraw) {
  chosen = choose;
  changed = redraw;
  page("day").addEventListener("click", () => open(0));
  page("next").addEventListener("click", () => open(at + 1));
  page("more").addEventListener("click", () => {
    first = first + size() < choices[at].of.length ? first + size() : 0;
    draw();
  });
  page("done").addEventListener("click", close);
}

export function isOpen() {
  return !page("choosing").hidden;
}

// What the plan allows now. Buttons stay where they are under a finger: only what is marked changes.
export function take(allowed) {
  const same = JSON.stringify(allowed.map(rest)) === JSON.stringify(choices.map(rest));
  choices = allowed;
  page("day").hidden = choices.length === 0;
  if (!isOpen()) return;
  if (same) mark();
  else if (at < choices.length) open(at);
  else close();
}

function rest({ now, ...others }) {
  return others;
}

function open(number) {
  at = number;
  const place = choices[at].of.indexOf(choices[at].now);
  first = Math.max(0, Math.floor(place / size()) * size());
  page("choosing").hidden = false;
  draw();
}

// Pages of one size: none has a single answer that was left over.
function size() {
  const all = choices[at].of.length;
  return Math.ceil(all / Math.ceil(all / MOST));
}

export function close() {
  if (!isOpen()) return;
  page("choosing").hidden = true;
  changed();
}

// Left open by somebody who fell asleep over it, it goes by itself.
export function look(time) {
  if (isOpen() && time > until) close();
}

function draw() {
  const choice = choices[at];
  const shown = choice.of.slice(first, first + size());
  page("choosing").querySelector("h1").textContent = choice.ask;
  page("choices").style.setProperty("--least", broad(shown, shown.some((answer) => answer.length > LONG) ? "300px" : "150px"));
  page("choices").replaceChildren(...shown.map((answer) => button(choice, answer)));
  page("more").hidden = choice.of.length <= MOST;
  page("next").hidden = at + 1 >= choices.length;
  mark();
  changed();
}

function mark() {
  until = performance.now() + FORGOTTEN_MS;
  for (const made of page("choices").children) {
    made.setAttribute("aria-pressed", made.dataset.answer === choices[at].now ? "true" : "false");
  }
}

function button(choice, answer) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.dataset.answer = answer;
  made.append(document.createElement("span"));
  made.firstChild.textContent = answer;
  made.addEventListener("click", () => {
    until = performance.now() + FORGOTTEN_MS;
    chosen({ do: "choose", choice: choice.choice, answer, resident: choice.resident }, made);
  });
  return made;
}

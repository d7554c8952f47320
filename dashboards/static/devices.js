// The managers' page: a stranger's device is marked not ours, or taken back; who connected a sensor again, and why.
// Everything else is drawn by the server.
import { ask } from "./ask.js";
import { holdOrTwoTaps } from "./hold.js";
import { whoOf } from "./who.js";
import { words } from "./words.js";

const READ_MS = 1800;
const people = JSON.parse(document.body.dataset.people);

async function say(button, more = {}) {
  if (button.getAttribute("aria-busy") === "true") return;
  const by = await whoOf(people);
  if (!by) return;
  const card = button.closest("[data-device]");
  const said = card.querySelector("[role=status]");
  button.setAttribute("aria-busy", "true");
  const answer = await ask({ do: button.dataset.do, device: card.dataset.device, by, ...more });
  button.removeAttribute("aria-busy");
  said.textContent = answer.reason;
  said.classList.toggle("error", !answer.ok);
  said.hidden = false;
  // What was said is read before the page is drawn anew: one person may not be enough.
  if (answer.ok) setTimeout(() => location.reload(), READ_MS);
}

for (const button of document.querySelectorAll("button[data-do=not_ours]")) {
  holdOrTwoTaps(button, () => words.tap_again, () => say(button));
}
for (const button of document.querySelectorAll("button[data-do=ours]")) {
  button.addEventListener("click", () => say(button));
}
for (const form of document.querySelectorAll("form[data-device]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = form.querySelector("input").value.trim();
    if (reason) say(form.querySelector("[type=submit]"), { reason });
  });
}

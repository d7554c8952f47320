// The house code, entered once per device.
const words = JSON.parse(document.body.dataset.words);
const form = document.getElementById("code-form");
const field = document.getElementById("code");
const error = document.getElementById("code-error");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.hidden = true;
  try {
    const answer = await fetch("/code", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code: field.value }),
    });
    if (answer.ok) {
      const to = new URLSearchParams(location.search).get("to") ?? "/";
      location.replace(/^\/room\/[\w-]+$/.test(to) ? to : "/");
      return;
    }
    error.textContent = (await answer.json()).reason;
  } catch {
    error.textContent = words.failed;
  }
  error.hidden = false;
  field.select();
});

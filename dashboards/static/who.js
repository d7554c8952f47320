// Who does this: whoever holds this device, and else somebody is picked for each deed.
import { me } from "./me.js";

export function whoOf(people) {
  if (me?.id) return Promise.resolve(me.id);
  const dialog = document.getElementById("who-acts");
  document.getElementById("who-acts-cancel").onclick = () => dialog.close("");
  return new Promise((resolve) => {
    document.getElementById("who-acts-tiles").replaceChildren(...people.map((row) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button page-tile", textContent: row.name });
      button.dataset.by = row.id;
      button.addEventListener("click", () => dialog.close(row.id));
      return button;
    }));
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    dialog.showModal();
  });
}

// Small comforts. Every page works without them.
"use strict";
// Code can be copied.
for (const pre of document.querySelectorAll("pre[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = pre.dataset.copy;
  button.addEventListener("click", async () => {
    const code = pre.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = pre.dataset.copied;
    } catch {
      // Without https there is no clipboard: the code is marked, and the person copies it.
      getSelection().selectAllChildren(code);
    }
  });
  pre.before(button);
}
// Escape closes what is open and goes back to where it was opened.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest("details.pop[open], details.confirm[open]") ?? document.querySelector("details.pop[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
// A click beside a menu closes it.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.pop[open]")) if (!open.contains(event.target)) open.open = false;
});
// A form is sent once.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
}
// The error summary is heard first.
document.querySelector(".summary")?.focus();
// A page that waits moves its progress on, and opens again once there is something else to see.
const again = document.querySelector("[data-again]");
if (again) {
  const look = async () => {
    try {
      const answer = await fetch(location, { headers: { accept: "text/html" } });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!next.querySelector("[data-again]")) return location.reload();
      const [here, there] = [document, next].map((page) => page.querySelector(".progress"));
      if (here && there) here.replaceWith(there);
    } catch {
      // The line is away for a moment: the next look will tell.
    }
    setTimeout(look, again.dataset.again * 1000);
  };
  setTimeout(look, again.dataset.again * 1000);
}
// A table that fits needs no stop of its own for the keyboard.
const regions = document.querySelectorAll(".table[tabindex]");
const fitTables = () => {
  for (const region of regions) region.tabIndex = region.scrollWidth > region.clientWidth ? 0 : -1;
};
addEventListener("resize", fitTables);
fitTables();
// What is folded is printed too.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details.fold:not([open])")) {
    fold.open = true;
    addEventListener("afterprint", () => { fold.open = false; }, { once: true });
  }
});
// The menu beside the page stays open where there is room.
const menu = document.querySelector("details.menu");
if (menu) {
  const room = matchMedia("(min-width: 56rem)");
  const fit = () => { menu.open = room.matches; };
  room.addEventListener("change", fit);
  fit();
}

// A form that only carries an answer on: without scripts its button does.
const carries = document.querySelector("form[data-send]");
if (carries) carries.submit();

// Keys for lists, and the selected row kept where the page refreshes a part of itself. Pages work without this file.
"use strict";

const rows = () => Array.from(document.querySelectorAll("[data-key] a.row"));
let key = null;
let waiting = false;

function move(step) {
  const links = rows();
  if (!links.length) return;
  const at = links.findIndex((link) => link.closest("[data-key]").dataset.key === key);
  links[Math.max(0, Math.min(links.length - 1, at < 0 && step < 0 ? 0 : at + step))].focus();
}

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-key]");
  key = row ? row.dataset.key : key;
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) return;
  if (waiting) {
    waiting = false;
    const link = document.querySelector(`nav [data-go="${CSS.escape(event.key)}"]`);
    if (link) link.click();
    return;
  }
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "g") waiting = true;
  else if (event.key === "?") document.querySelector("footer").scrollIntoView();
  else if (event.key === "/") {
    const field = document.querySelector("input[type=search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
  }
});

let held = null;
document.addEventListener("htmx:beforeSwap", () => {
  const row = document.activeElement && document.activeElement.closest("[data-key]");
  held = row ? row.dataset.key : null;
});
document.addEventListener("htmx:afterSettle", () => {
  if (held === null) return;
  const row = document.querySelector(`[data-key="${CSS.escape(held)}"] a.row`);
  if (row) row.focus({ preventScroll: true });
  held = null;
});

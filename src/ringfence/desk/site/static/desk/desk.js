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

function showKeys() {
  const keys = document.getElementById("keys");
  keys.open = !keys.open;
  if (keys.open) keys.querySelector("summary").focus();
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
    const link = document.querySelector(`header [data-go="${CSS.escape(event.key)}"]`);
    if (link) link.click();
    return;
  }
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "g") waiting = true;
  else if (event.key === "?") showKeys();
  else if (event.key === "/") {
    const field = document.querySelector("input[type=search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
  }
});

// A part of the page is replaced as a whole: give the focus back to the row, and each box its place.
let held = null;
let scrolled = [];
const boxes = (part) => Array.from(part.querySelectorAll(".scroll"));
document.addEventListener("htmx:beforeSwap", (event) => {
  const row = document.activeElement && document.activeElement.closest("[data-key]");
  // A second answer can come before the first has settled: nothing has the focus then, and the row still waits for it.
  if (row || document.activeElement !== document.body) held = row ? row.dataset.key : null;
  scrolled = boxes(event.detail.target).map((box) => box.scrollLeft);
});
document.addEventListener("htmx:afterSettle", (event) => {
  boxes(event.detail.elt).forEach((box, at) => { box.scrollLeft = scrolled[at] || 0; });
  scrolled = [];
  if (held === null) return;
  const row = document.querySelector(`[data-key="${CSS.escape(held)}"] a.row`);
  if (row) row.focus({ preventScroll: true });
  held = null;
});

// What changed is said once, and not more often than a person can listen: every fifteen seconds at most.
let said = 0;
document.addEventListener("htmx:afterSettle", (event) => {
  const news = event.detail.elt.querySelector("[data-say]");
  const voice = document.getElementById("voice");
  if (!news || !voice || news.dataset.say === voice.textContent || Date.now() - said < 15000) return;
  said = Date.now();
  voice.textContent = news.dataset.say;
});

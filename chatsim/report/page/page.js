
"use strict";
// All that the script adds is comfort: the page says the same without it.
document.documentElement.classList.add("scripted");
const HINT = "Point at a mark to read it here. The arrow keys go from mark to mark, Enter to its row in the table of events.";

for (const picture of document.querySelectorAll(".picture")) {
  const marks = [...picture.querySelectorAll("a.mark")];
  const arrows = [...picture.querySelectorAll(".arrow")];
  const rows = [...picture.querySelectorAll("tbody tr")];
  const told = picture.querySelector(".told");
  const table = picture.querySelector(".events");
  const lane = (mark) => Number(mark.dataset.lane);
  const row = (mark) => Number(mark.dataset.row);

  // --- one mark at a time is reached with Tab, the others with the arrow keys
  let current = marks.find((mark) => mark.classList.contains("witness")) || marks[0];
  for (const mark of marks) mark.setAttribute("tabindex", mark === current ? "0" : "-1");

  function go(mark, where = "nearest") {
    if (!mark) return;
    current.setAttribute("tabindex", "-1");
    current = mark;
    mark.setAttribute("tabindex", "0");
    mark.focus({ preventScroll: true });
    mark.scrollIntoView({ block: where, inline: where });
  }

  function shown(mark) {
    return !mark.classList.contains("faded");
  }

  function next(from, key) {
    const open = marks.filter((mark) => shown(mark) && mark !== from);
    const same = open.filter((mark) => lane(mark) === lane(from));
    const after = same.filter((mark) => row(mark) > row(from));
    const before = same.filter((mark) => row(mark) < row(from));
    const nearest = (side) => {
      const lanes = [...new Set(side.map(lane))].sort((a, b) => Math.abs(a - lane(from)) - Math.abs(b - lane(from)));
      const there = side.filter((mark) => lane(mark) === lanes[0]);
      return there.sort((a, b) => Math.abs(row(a) - row(from)) - Math.abs(row(b) - row(from)))[0];
    };
    switch (key) {
      case "ArrowDown": return after[0];
      case "ArrowUp": return before[before.length - 1];
      case "ArrowLeft": return nearest(open.filter((mark) => lane(mark) < lane(from)));
      case "ArrowRight": return nearest(open.filter((mark) => lane(mark) > lane(from)));
      case "Home": return marks.find(shown);
      case "End": return marks.filter(shown).pop();
      default: return undefined;
    }
  }

  // --- what the pointer or the keyboard is on is told, and its message lit
  function tell(mark) {
    told.textContent = mark ? mark.querySelector("title").textContent : HINT;
    const message = mark ? mark.dataset.m : "0";
    for (const arrow of arrows) arrow.classList.toggle("lit", message !== "0" && arrow.dataset.m === message);
  }

  for (const mark of marks) {
    mark.addEventListener("keydown", (event) => {
      const to = next(mark, event.key);
      if (to) {
        event.preventDefault();
        go(to);
      }
    });
    mark.addEventListener("focus", () => tell(mark));
    mark.addEventListener("mouseenter", () => tell(mark));
    mark.addEventListener("mouseleave", () => tell(picture.contains(document.activeElement) && document.activeElement === current ? current : null));
    mark.addEventListener("click", () => { table.open = true; });
  }
  for (const arrow of arrows) {
    arrow.addEventListener("mouseenter", () => {
      told.textContent = arrow.querySelector("title").textContent;
      for (const other of arrows) other.classList.toggle("lit", other.dataset.m === arrow.dataset.m);
    });
    arrow.addEventListener("mouseleave", () => tell(null));
  }

  tell(null);

  // --- filters
  const boxes = [...picture.querySelectorAll(".filters input[data-lane]")];
  const select = picture.querySelector(".filters select");
  const proofs = picture.querySelector(".only-proofs");
  function filter() {
    const lanes = new Set(boxes.filter((box) => box.checked).map((box) => box.dataset.lane));
    const all = lanes.size === boxes.length;
    const message = select.value;
    const proving = Boolean(proofs && proofs.checked);
    const fits = (m) => message === "0" || m === message;
    const joined = new Set(); // what stands at the other end of an arrow that is shown
    for (const arrow of arrows) {
      const touches = lanes.has(arrow.dataset.from) || lanes.has(arrow.dataset.to);
      const show = touches && fits(arrow.dataset.m) && (!proving || arrow.classList.contains("witness"));
      arrow.classList.toggle("faded", !show);
      if (show) joined.add(arrow.dataset.m);
    }
    for (const mark of marks) {
      const own = lanes.has(mark.dataset.lane) || (!all && mark.classList.contains("send") && joined.has(mark.dataset.m));
      const show = own && fits(mark.dataset.m) && (!proving || mark.classList.contains("witness"));
      mark.classList.toggle("faded", !show);
    }
    for (const one of rows) {
      const own = one.dataset.lanes.split(" ").some((number) => lanes.has(number));
      one.hidden = !(own && fits(one.dataset.m) && (!proving || one.classList.contains("witness")));
    }
    for (const line of picture.querySelectorAll(".life, .name")) {
      line.classList.toggle("faded", !lanes.has(line.dataset.lane));
    }
  }
  function everything() {
    for (const box of boxes) box.checked = true;
    select.value = "0";
    if (proofs) proofs.checked = false;
    filter();
  }
  for (const control of [...boxes, select, proofs]) if (control) control.addEventListener("change", filter);

  // --- a link from a verdict, or from the table, leads to its mark
  function follow() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || !picture.contains(target)) return;
    if (!shown(target) || target.hidden) everything();
    if (target.classList.contains("mark")) {
      go(target, "center");
    } else if (target.closest("details")) {
      target.closest("details").open = true;
      target.scrollIntoView({ block: "center" });
      (target.querySelector("summary") || target.querySelector("a")).focus({ preventScroll: true });
    }
  }
  window.addEventListener("hashchange", follow);
  follow();
}

// On paper nothing can be opened.
const closed = new Set();
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) {
    closed.add(details);
    details.open = true;
  }
});
window.addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
  closed.clear();
});

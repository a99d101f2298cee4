// The page without this script is complete; with it results can be picked by verdict, and points name themselves at a touch.
"use strict";
(() => {
  const buttons = [...document.querySelectorAll("button[data-pick]")];
  const pick = (word) => {
    for (const b of buttons) b.setAttribute("aria-pressed", String(b.dataset.pick === word));
    for (const row of document.querySelectorAll("tr[data-verdict]")) row.hidden = word !== "" && row.dataset.verdict !== word;
    for (const body of document.querySelectorAll("tbody[data-part]")) body.hidden = !body.querySelector("tr[data-verdict]:not([hidden])");
  };
  for (const b of buttons) {
    b.disabled = false;
    b.addEventListener("click", () => pick(b.getAttribute("aria-pressed") === "true" ? "" : b.dataset.pick));
  }
  for (const part of document.querySelectorAll("figure")) {
    const says = part.querySelector("output");
    const marks = [...part.querySelectorAll("circle")];
    const show = (event) => {
      let nearest = null, least = 28 * 28;
      for (const mark of marks) {
        const box = mark.getBoundingClientRect();
        if (box.width === 0) continue;
        const x = box.left + box.width / 2 - event.clientX, y = box.top + box.height / 2 - event.clientY;
        if (x * x + y * y < least) { nearest = mark; least = x * x + y * y; }
      }
      for (const mark of marks) mark.classList.toggle("near", mark === nearest);
      says.textContent = nearest ? nearest.querySelector("title").textContent : "";
    };
    if (marks.length > 0) part.addEventListener("pointermove", show);
    if (marks.length > 0) part.addEventListener("pointerdown", show);
  }
})();

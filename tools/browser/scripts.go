// What is asked of the page, in its own language.

package main

// readScript reads the JSON, everything shown that names a place in it, and numbers in tables that name none.
const readScript = `(() => {
  const shown = [...document.querySelectorAll("[data-key]")].map(e => ({
    In: e.dataset.in, Row: e.dataset.row, Name: e.dataset.name, Key: e.dataset.key, Text: e.textContent}));
  const loose = [];
  for (const cell of document.querySelectorAll("td:not(:first-child), .counts button")) {
    const rest = cell.cloneNode(true);
    for (const known of rest.querySelectorAll("[data-key], details.left, svg, span.soft:not(:has([data-key]))")) known.remove();
    if (/[0-9]/.test(rest.textContent)) loose.push(cell.textContent.trim());
  }
  const results = document.querySelectorAll("tr[data-verdict]").length;
  const charts = [...document.querySelectorAll("figure")];
  const bare = charts.filter(f => !f.querySelector("svg[role=img] > title") || !f.querySelector("table") ||
    ![...f.querySelectorAll("svg.chart path")].every(p => /^M[0-9. LMZ-]+$/.test(p.getAttribute("d"))));
  return {Document: document.getElementById("results").textContent, Shown: shown, Loose: loose, Results: results,
    Charts: charts.length, Bare: bare.map(f => f.textContent.trim().slice(0, 60))};
})()`

// viewScript measures the page as it is laid out now.
const viewScript = `(() => {
  const root = document.documentElement, over = [], narrow = [];
  for (const e of document.body.querySelectorAll("*")) {
    const box = e.getBoundingClientRect();
    if (box.width > 0 && (box.right > root.clientWidth + 0.5 || box.left < -0.5) && !e.closest("svg")) over.push(e.tagName + " " + e.textContent.trim().slice(0, 40));
  }
  for (const f of document.querySelectorAll("figure")) {
    const drawn = [...f.querySelectorAll("svg.chart")].filter(s => s.getBoundingClientRect().width > 200);
    if (drawn.length !== 1) narrow.push(f.querySelector("h3").textContent);
    for (const t of drawn.flatMap(s => [...s.querySelectorAll("text")])) {
      const box = t.getBoundingClientRect(), frame = t.ownerSVGElement.getBoundingClientRect();
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 3) narrow.push(f.querySelector("h3").textContent + ": " + t.textContent);
    }
  }
  const style = getComputedStyle(document.body);
  return {Wide: root.scrollWidth, Room: root.clientWidth, Over: over.slice(0, 5), Narrow: narrow.slice(0, 5), Back: style.backgroundColor, Ink: style.color};
})()`

// seenPage takes what readScript returns.
type seenPage struct {
	Document        string
	Shown           []shown
	Loose, Bare     []string
	Results, Charts int
}

// read puts what was read in its places.
func (s *sight) read(page seenPage) {
	s.document, s.shown, s.loose, s.results, s.charts = page.Document, page.Shown, page.Loose, page.Results, page.Charts
	for _, chart := range page.Bare {
		s.troubles = append(s.troubles, "a chart has no title, no table or no lines: "+chart)
	}
}

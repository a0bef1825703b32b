"use strict";
// Tables that sort, filter and page. Without script every row is simply there.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const section = table.closest("section");
  const controls = section.querySelector(".controls");
  const pager = section.querySelector(".pager");
  const text = controls.querySelector("[data-filter=text]");
  const status = controls.querySelector("[data-filter=status]");
  const count = controls.querySelector("[data-count]");
  const size = Number(table.dataset.pageSize);
  let page = 0;

  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.textContent.trim();
    const number = cell.classList.contains("n") && /[+−]?[\d,]*\.?\d+/.exec(text);
    const raw = cell.dataset.sort ?? (number ? number[0].replace("−", "-").replaceAll(",", "") : text);
    return raw === "" || Number.isNaN(Number(raw)) ? raw.toLowerCase() : Number(raw);
  };
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

  const button = (label, step) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", () => { page += step; show(); });
    return made;
  };
  const back = button("Previous", -1);
  const forth = button("Next", 1);
  const place = document.createElement("span");
  pager.append(back, place, forth);

  const show = () => {
    const wanted = text.value.trim().toLowerCase();
    const found = rows.filter((row) =>
      (!status || !status.value || row.dataset.status === status.value) &&
      (!wanted || row.textContent.toLowerCase().includes(wanted)));
    const last = Math.max(0, Math.ceil(found.length / size) - 1);
    page = Math.min(Math.max(page, 0), last);
    const visible = new Set(found.slice(page * size, (page + 1) * size));
    for (const row of rows) row.hidden = !visible.has(row);
    count.textContent = `${found.length} of ${rows.length}`;
    pager.hidden = last === 0;
    place.textContent = `Page ${page + 1} of ${last + 1}`;
    back.disabled = page === 0;
    forth.disabled = page === last;
  };

  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    if ("fixed" in head.dataset) return;
    const made = document.createElement("button");
    made.type = "button";
    made.className = "sort";
    made.textContent = head.textContent;
    made.addEventListener("click", () => {
      const way = head.getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", way);
      const sign = way === "ascending" ? 1 : -1;
      rows.sort((a, b) => sign * compare(value(a, column), value(b, column)));
      body.append(...rows);
      page = 0;
      show();
    });
    head.replaceChildren(made);
  });

  for (const control of [text, status]) control?.addEventListener("input", () => { page = 0; show(); });
  controls.hidden = false;
  show();
}

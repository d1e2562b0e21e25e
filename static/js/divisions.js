// Province, city and district in three lists; the hidden field gets the district's code.
(() => {
  "use strict";

  const WIDTHS = [2, 4, 6];

  function fill(select, table, prefix, chosen) {
    const first = select.options[0];
    select.replaceChildren(first);
    for (const [code, name] of Object.entries(table)) {
      if (!code.startsWith(prefix)) continue;
      select.add(new Option(name, code, false, code === chosen));
    }
    select.disabled = select.options.length === 1;
  }

  async function start(place) {
    const hidden = place.querySelector("input[type=hidden]");
    const selects = [...place.querySelectorAll("select")];
    const answer = await fetch(place.dataset.district);
    if (!answer.ok) throw new Error(`divisions: ${answer.status}`);
    const read = await answer.json();
    const tables = [read.provinces, read.cities, read.districts];
    const known = hidden.value;
    const levelOf = (level) => known.slice(0, WIDTHS[level]).padEnd(6, "0");

    function show(level, prefix, chosen) {
      fill(selects[level], tables[level], prefix, chosen);
      for (let below = level + 1; below < 3; below += 1) fill(selects[below], {}, "", "");
    }
    show(0, "", known && levelOf(0));
    if (known) {
      show(1, known.slice(0, 2), levelOf(1));
      show(2, known.slice(0, 4), known);
    }
    selects.forEach((select, level) => {
      select.addEventListener("change", () => {
        hidden.value = level === 2 ? select.value : "";
        if (level === 2) return;
        show(level + 1, select.value.slice(0, WIDTHS[level]) || "none", "");
        // A municipality has one city: choose it.
        const next = selects[level + 1];
        if (next.options.length === 2) {
          next.selectedIndex = 1;
          next.dispatchEvent(new Event("change"));
        }
      });
    });
  }

  document.querySelectorAll("[data-district]").forEach((place) => {
    start(place).catch(() => {
      place.replaceChildren("地区没有加载出来，请刷新页面。");
    });
  });
})();

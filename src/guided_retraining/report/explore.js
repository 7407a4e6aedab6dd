// The panels of a figure that is explored: drawn when first shown, switched by boxes, read by pointer and keyboard.
// Without this script, and in print, the still picture is shown instead.
(() => {
  "use strict";
  const said = (row) => `${row.configuration}, ${row.order}, ${row.spent}: ${row.value}`;
  const FIELDS = ["configuration", "metric"]; // a mark is switched off by; a panel by any field that it has

  for (const root of document.querySelectorAll(".explore")) {
    explore(root).catch((error) => {
      root.hidden = true;
      root.parentElement.querySelector(".still").classList.remove("in-print");
      console.error(error);
    });
  }

  async function explore(root) {
    const says = root.querySelector("output");
    const boxes = [...root.querySelectorAll("fieldset input")];
    const bars = root.querySelector(".bars");
    const panels = [...root.querySelectorAll(".panel")].map((box) => ({ box, view: null, at: -1 }));

    const off = (field) =>
      boxes.filter((box) => !box.checked && box.closest("fieldset").dataset.field === field).map((box) => box.value);

    async function update() {
      for (const panel of panels) {
        const { dataset } = panel.box;
        panel.box.hidden = Object.keys(dataset).some((field) => off(field).includes(dataset[field]));
        if (panel.box.hidden) continue;
        panel.view = panel.view || (await draw(panel));
        for (const field of FIELDS) panel.view.signal(`off_${field}`, off(field));
        await panel.view.signal("bars", bars.checked).runAsync();
      }
      window.dispatchEvent(new Event("resize")); // a panel that was hidden had no width
    }

    async function draw(panel) {
      const specification = JSON.parse(panel.box.querySelector("script").textContent);
      const chart = panel.box.querySelector(".chart");
      const { view } = await vegaEmbed(chart, specification, { mode: "vega-lite", actions: false, renderer: "svg" });
      for (const kind of ["pointermove", "click"]) {
        view.addEventListener(kind, (event, item) => {
          if (item && item.datum && item.datum.value) says.textContent = said(item.datum);
        });
      }
      chart.addEventListener("keydown", (event) => {
        const row = next(panel, event.key);
        if (!row) return;
        event.preventDefault();
        panel.at = row.id;
        says.textContent = said(row);
        view.signal("at", row.id).runAsync();
      });
      chart.addEventListener("blur", () => view.signal("at", -1).runAsync());
      return view;
    }

    // Left and right along a line, up and down to the line that is next in height at about the same place.
    function next(panel, key) {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1 }[key];
      if (!step) return null;
      const rows = panel.view.data("rows").filter((row) => FIELDS.every((field) => !off(field).includes(row[field])));
      const now = rows.find((row) => row.id === panel.at);
      if (!now) return rows[0];
      const along = key === "ArrowLeft" || key === "ArrowRight";
      const distance = (row) => Math.abs(Math.log(row.x / now.x));
      const near = (style) =>
        rows.filter((row) => row.style === style).reduce((a, b) => (distance(b) < distance(a) ? b : a));
      const path = along
        ? rows.filter((row) => row.style === now.style).sort((a, b) => a.x - b.x)
        : [...new Set(rows.map((row) => row.style))].map((style) => (style === now.style ? now : near(style)))
            .sort((a, b) => a.mean - b.mean || a.id - b.id);
      return path[path.indexOf(now) + step] || now;
    }

    root.hidden = false;
    root.parentElement.querySelector(".still").classList.add("in-print");
    root.addEventListener("change", () => update());
    await update();
  }
})();

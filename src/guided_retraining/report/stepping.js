// One input of the picture sheet at a time, cut out of the sheet itself. Without this script the sheet is all there is.
(() => {
  "use strict";
  for (const root of document.querySelectorAll(".stepping")) start(root);

  async function start(root) {
    const picture = root.parentElement.querySelector("img");
    const inputs = JSON.parse(root.querySelector("script").textContent);
    const [attack, ending] = [".attack", ".ending"].map((name) => root.querySelector(name));
    const [back, on] = [".back", ".on"].map((name) => root.querySelector(name));
    const crops = [...root.querySelectorAll(".crop")];
    let place = 0;

    const of = (kind) => inputs.filter((one) => one.attack === attack.value && one.ending === kind);

    function show() {
      for (const option of ending.options) option.disabled = !of(option.value).length;
      if (!of(ending.value).length) ending.value = [...ending.options].find((option) => !option.disabled).value;
      const shown = of(ending.value);
      place = Math.min(Math.max(place, 0), shown.length - 1);
      const one = shown[place];
      crops.forEach((crop, row) => {
        const [left, top, width, height] = one.boxes[row];
        crop.style.aspectRatio = `${width * picture.naturalWidth} / ${height * picture.naturalHeight}`;
        crop.style.backgroundImage = `url("${picture.src}")`;
        crop.style.backgroundSize = `${100 / width}% ${100 / height}%`;
        crop.style.backgroundPosition = `${(100 * left) / (1 - width)}% ${(100 * top) / (1 - height)}%`;
      });
      // Not disabled: a button that is would lose the keyboard.
      back.setAttribute("aria-disabled", place === 0);
      on.setAttribute("aria-disabled", place === shown.length - 1);
      root.querySelector("output").textContent = `${place + 1} of ${shown.length}: ${one.said}`;
    }

    function go(step) {
      place += step;
      show();
    }

    await picture.decode();
    root.hidden = false;
    back.addEventListener("click", () => go(-1));
    on.addEventListener("click", () => go(1));
    root.addEventListener("change", () => {
      place = 0;
      show();
    });
    show();
  }
})();

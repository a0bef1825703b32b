"use strict";
// Charts that zoom and select: the bundle is unpacked once; the drawings stay where a browser cannot do it, on a phone and on paper.
(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("bundle").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  new Function(await new Response(stream).text())();
  for (const place of document.querySelectorAll(".linked")) {
    const spec = JSON.parse(place.querySelector("script").textContent);
    const target = place.appendChild(document.createElement("div"));
    await window.vegaEmbed(target, spec, {
      renderer: "svg", actions: false, defaultStyle: false, tooltip: { disableDefaultStyle: true }, ast: false,
    });
    for (const area of target.querySelectorAll("[role=graphics-symbol]")) area.setAttribute("aria-hidden", "true");
  }
  document.documentElement.dataset.interactive = "ready";
})();

/** 上墙率: a click on an area of the map goes where its row goes. */

document.addEventListener("figures:go", (event) => {
  const href = /** @type {CustomEvent<string>} */ (event).detail;
  if (href) window.location.assign(href);
});
window.addEventListener("resize", () => window.figures?.fit());

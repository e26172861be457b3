/** Tabs of a section in one row: what does not fit goes into a menu at its end; the page that is open stays in sight. */

/** @param {HTMLElement} bar */
export function foldTabs(bar) {
  const tabs = /** @type {HTMLAnchorElement[]} */ ([...bar.querySelectorAll("a")]);
  const more = document.createElement("details");
  more.className = "regnav-more";
  const opener = document.createElement("summary");
  opener.textContent = "更多";
  const menu = document.createElement("div");
  menu.className = "menu";
  more.append(opener, menu);
  bar.append(more);
  bar.classList.add("is-folding");

  const fit = () => {
    const isOpen = more.open;
    more.open = false;
    more.hidden = true;
    more.before(...tabs);
    const movable = tabs.filter((tab) => !tab.hasAttribute("aria-current"));
    while (bar.scrollWidth > bar.clientWidth && movable.length) {
      more.hidden = false;
      menu.prepend(/** @type {HTMLAnchorElement} */ (movable.pop()));
    }
    more.open = isOpen && !more.hidden;
  };
  const close = () => (more.open = false);
  document.addEventListener("click", (event) => more.contains(/** @type {Node} */ (event.target)) || close());
  more.addEventListener("focusout", (event) => {
    const next = /** @type {Node | null} */ (event.relatedTarget);
    if (next && !more.contains(next)) close();
  });
  more.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !more.open) return;
    // The key belongs to the menu alone: the page behind keeps its panes.
    event.stopPropagation();
    close();
    opener.focus();
  });
  // The row is as wide as its tabs; what it may take changes with the bar around it, and with its neighbours.
  const seen = new ResizeObserver(fit);
  seen.observe(/** @type {HTMLElement} */ (bar.parentElement));
  seen.observe(bar);
}

/**
 * What is pressed or sent before the page's scripts listen waits for them. Without this a slow line loses the press, and a
 * form would put what was typed, a password too, into the address.
 */
{
  /** @type {Map<Element, () => void>} once for each button and form, in the order of the first */
  const waiting = new Map();

  /** @param {Event} event @param {Element} target @param {() => void} again */
  const hold = (event, target, again) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!waiting.has(target)) waiting.set(target, again);
  };

  /** @param {MouseEvent} event */
  const onClick = (event) => {
    const button = /** @type {Element} */ (event.target).closest("button");
    if (button?.type === "button") hold(event, button, () => button.click());
  };

  /** @param {SubmitEvent} event */
  const onSubmit = (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    hold(event, form, () => form.requestSubmit(event.submitter));
  };

  window.addEventListener("click", onClick, true);
  window.addEventListener("submit", onSubmit, true);
  document.addEventListener("DOMContentLoaded", () => {
    // Behind everything else that waits for this event.
    window.setTimeout(() => {
      window.removeEventListener("click", onClick, true);
      window.removeEventListener("submit", onSubmit, true);
      for (const again of waiting.values()) again();
    });
  });
}

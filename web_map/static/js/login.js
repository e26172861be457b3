/** Sign-in: errors stand beside their field; afterwards a line says role and area. */

const form = /** @type {HTMLFormElement} */ (document.getElementById("login-form"));
const login = /** @type {HTMLInputElement} */ (document.getElementById("login"));
const password = /** @type {HTMLInputElement} */ (document.getElementById("password"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));

// A text that was being read may name people: it is not for the next person at this computer.
for (const kept of ["reading", "reading-list"]) window.sessionStorage.removeItem(kept);

/** @param {HTMLInputElement} field @param {string} text an empty text takes the error away */
function say(field, text) {
  const place = /** @type {HTMLElement} */ (document.getElementById(`${field.id}-error`));
  place.textContent = text;
  place.hidden = !text;
  field.toggleAttribute("aria-invalid", Boolean(text));
  if (text) field.setAttribute("aria-invalid", "true");
}

/** @returns {boolean} whether both fields are filled */
function isFilled() {
  say(login, login.value.trim() ? "" : "请填写账号");
  say(password, password.value ? "" : "请填写密码");
  const empty = [login, password].find((field) => field.hasAttribute("aria-invalid"));
  empty?.focus();
  return !empty;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!isFilled()) return;
  button.disabled = true;
  button.textContent = "正在登录…";
  try {
    const reply = await fetch("/v1/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ login: login.value.trim(), password: password.value }),
    });
    const answer = await reply.json();
    if (reply.ok) {
      window.sessionStorage.setItem("welcome", `已登录：${answer.name} · ${answer.role_title}`);
      // Leaders begin with the figures, coordinators with the own block, unless another page was asked for.
      const first = { leader: "/dashboard", coordinator: "/my-block" }[answer.role] ?? "/";
      const { target = "/" } = form.dataset;
      window.location.replace(target === "/" ? first : target);
      return;
    }
    say(password, answer.detail ?? "暂时不能登录，请稍后再试");
    password.select();
  } catch {
    say(password, "连接中断，请检查网络后再试");
  }
  button.disabled = false;
  button.textContent = "登录";
});

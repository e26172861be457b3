/** The list of plates to put up, on request in order of distance. */

import { get } from "./http.js";

const todo = /** @type {HTMLElement} */ (document.getElementById("todo"));
const words = /** @type {HTMLElement} */ (document.getElementById("near-words"));
const button = /** @type {HTMLElement} */ (document.getElementById("near"));

/** @param {URLSearchParams} query */
async function fill(query) {
  todo.innerHTML = (await get(`/panels/plates/todo?${query}`)).html;
}

button.addEventListener("click", () => {
  if (button.getAttribute("aria-pressed") === "true") {
    button.setAttribute("aria-pressed", "false");
    words.textContent = "列出已送达、破损或缺失而须补装的门牌。";
    fill(new URLSearchParams());
    return;
  }
  if (!navigator.geolocation) {
    words.textContent = "这台设备不能定位，列表不按距离排。";
    return;
  }
  words.textContent = "正在定位…";
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      button.setAttribute("aria-pressed", "true");
      words.textContent = `附近 1 公里内，由近到远；定位精度 ±${Math.round(coords.accuracy)} m。`;
      fill(new URLSearchParams({ lon: coords.longitude.toFixed(6), lat: coords.latitude.toFixed(6) }));
    },
    (fault) => {
      words.textContent = fault.code === 1 ? "没有定位权限：请在浏览器设置中允许定位，列表暂不按距离排。" : "暂时不能定位，请到开阔处再试。";
    },
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 },
  );
});

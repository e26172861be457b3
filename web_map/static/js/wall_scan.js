/** Reading the square code of a sign: by the camera, from a picture, or its code typed in. */

/** @typedef {(source: CanvasImageSource & {width?: number}, width: number, height: number) => Promise<string>} Reader */

const dialog = () => /** @type {HTMLDialogElement} */ (document.getElementById("scan"));
const LONGEST = 1200;
/** @type {Promise<any> | null} */
let fallback = null;
/** @type {MediaStream | null} */
let stream = null;

/** @returns {Promise<any>} */
function jsqr() {
  fallback ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = "/static/vendor/jsqr/jsQR.js";
    script.addEventListener("load", () => done(/** @type {any} */ (window).jsQR));
    script.addEventListener("error", failed);
    document.head.append(script);
  });
  return fallback;
}

/** @param {any} source an image or a video @param {number} width @param {number} height @returns {Promise<string>} empty when there is none */
export async function readSquare(source, width, height) {
  const detector = /** @type {any} */ (window).BarcodeDetector;
  if (detector) {
    const found = await new detector({ formats: ["qr_code"] }).detect(source).catch(() => []);
    if (found[0]) return found[0].rawValue;
  }
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
  const read = await jsqr();
  return read(pixels.data, canvas.width, canvas.height)?.data ?? "";
}

/** @param {Blob} file @returns {Promise<string>} */
export async function readPicture(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return "";
  const text = await readSquare(picture, picture.width, picture.height).catch(() => "");
  picture.close();
  return text;
}

/** @param {string} text what was scanned or typed @returns {string} the public code in it, empty when it holds none */
export function codeIn(text) {
  const scanned = /\/p\/([1-9A-HJKMNP-TV-Z]{13})\./i.exec(text);
  const packed = (scanned ? scanned[1] : text.replace(/[\s\-.·_/]/g, "")).toUpperCase();
  return packed.length === 14 ? packed.slice(1) : packed.length === 13 ? packed : "";
}

/** @param {string} words */
function say(words) {
  /** @type {HTMLElement} */ (document.getElementById("scan-words")).textContent = words;
}

/** @param {(text: string) => Promise<string>} found told what was read; answers what is wrong with it, empty when it led on */
export function startScan(found) {
  const box = dialog();
  const video = /** @type {HTMLVideoElement} */ (document.getElementById("scan-video"));
  const typed = /** @type {HTMLInputElement} */ (document.getElementById("scan-code"));
  const take = async (/** @type {string} */ text) => say(await found(text));
  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
  };
  const look = async () => {
    if (!stream || !box.open) return;
    const text = video.videoWidth ? await readSquare(video, video.videoWidth, video.videoHeight).catch(() => "") : "";
    if (text) await take(text);
    window.setTimeout(look, text ? 1500 : 250);
  };
  document.getElementById("scan-open")?.addEventListener("click", async () => {
    say("");
    typed.value = "";
    box.showModal();
    video.hidden = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (!box.open) return stop();
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      look();
    } catch {
      say("这里用不了摄像头：请拍一张二维码的照片，或输入牌上的码。");
    }
  });
  box.addEventListener("close", stop);
  document.getElementById("scan-picture")?.addEventListener("change", async (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    const file = field.files?.[0];
    field.value = "";
    if (!file) return;
    say("正在识别…");
    const text = await readPicture(file);
    if (text) await take(text);
    else say("照片里没有认出二维码：请正对牌面、靠近些再拍。");
  });
  document.getElementById("scan-form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (codeIn(typed.value)) take(typed.value);
    else say("门牌码是 13 位字母和数字，见二维码旁。");
  });
}

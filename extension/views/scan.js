// Reading the studio's pairing code with the camera, in browsers that can read codes themselves.

import { t } from "./text.js";

/** Milliseconds between two looks through the camera. */
const LOOK_EVERY = 200;
/** Milliseconds after which looking ends. */
const LOOK_FOR = 60_000;

/** True where the browser reads QR codes. */
export async function canScan() {
  if (!("BarcodeDetector" in globalThis) || !navigator.mediaDevices) return false;
  return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
}

/** The text of the first code before the camera that `wanted` accepts; `video` shows what it sees. Throws where none comes. */
export async function scanCode(video, wanted) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  video.srcObject = stream;
  video.hidden = false;
  try {
    await video.play();
    return await firstCode(video, wanted);
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.hidden = true;
    video.srcObject = null;
  }
}

async function firstCode(video, wanted) {
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const end = Date.now() + LOOK_FOR;
  while (Date.now() < end) {
    const found = (await detector.detect(video)).map((code) => code.rawValue).find(wanted);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
  throw new Error(t("view_pair_no_code"));
}

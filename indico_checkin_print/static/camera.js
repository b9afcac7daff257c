// Reads codes with the camera of a phone or laptop: by the browser's own decoder where there is one, else by zxing-cpp,
// which is loaded only then.

(function() {
  'use strict';

  const INTERVAL = 120; // ms between two looks
  const SIZE = 800; // pixels of the middle of the picture that are looked at
  const GONE_AFTER = 2000; // ms out of sight after which the same code counts once more

  // Starts the camera; returns a function that stops it. Throws what `getUserMedia` throws.
  async function start(video, vendorUrl, onCode) {
    if (!navigator.mediaDevices) {
      throw new DOMException('No camera without https', 'NotSupportedError');
    }
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {facingMode: 'environment', width: {ideal: 1280}, height: {ideal: 960}},
    });
    let running = true;
    const stop = () => {
      running = false;
      stream.getTracks().forEach(track => track.stop());
      video.srcObject = null;
    };
    try {
      video.srcObject = stream;
      await video.play();
      const decode = await ownDecoder() || await zxing(vendorUrl);
      look(video, decode, onCode, () => running);
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  async function look(video, decode, onCode, isRunning) {
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', {willReadFrequently: true});
    const seen = new Map(); // code -> when it was last in sight
    while (isRunning()) {
      const {videoWidth: width, videoHeight: height} = video;
      if (width && !document.hidden) {
        const side = Math.min(width, height);
        canvas.width = canvas.height = Math.min(side, SIZE);
        const [x, y] = [(width - side) / 2, (height - side) / 2];
        context.drawImage(video, x, y, side, side, 0, 0, canvas.width, canvas.height);
        for (const text of await decode(canvas, context)) {
          const last = seen.get(text);
          seen.set(text, Date.now());
          if (isRunning() && (!last || Date.now() - last > GONE_AFTER)) {
            onCode(text);
          }
        }
      }
      await new Promise(resolve => setTimeout(resolve, INTERVAL));
    }
  }

  async function ownDecoder() {
    if (!('BarcodeDetector' in window) || !(await BarcodeDetector.getSupportedFormats()).includes('qr_code')) {
      return null;
    }
    const detector = new BarcodeDetector({formats: ['qr_code']});
    return async canvas => (await detector.detect(canvas)).map(found => found.rawValue);
  }

  async function zxing(url) {
    if (!window.ZXingWASM) {
      await new Promise((resolve, reject) => {
        const script = document.createElement('script');
        script.src = `${url}/reader.js`;
        script.onload = resolve;
        script.onerror = () => reject(new DOMException('The decoder could not be loaded', 'NetworkError'));
        document.head.append(script);
      });
    }
    // from here, and not from the server of a third party as it would by default
    await window.ZXingWASM.prepareZXingModule({
      overrides: {locateFile: file => `${url}/${file}`}, fireImmediately: true,
    });
    return async (canvas, context) => {
      const picture = context.getImageData(0, 0, canvas.width, canvas.height);
      const found = await window.ZXingWASM.readBarcodes(picture, {formats: ['QRCode'], maxNumberOfSymbols: 2});
      return found.filter(code => code.isValid).map(code => code.text);
    };
  }

  window.CheckinPrintCamera = {start};
})();

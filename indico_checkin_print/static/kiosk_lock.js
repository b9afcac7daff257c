// Keeps people on the page of a kiosk, as far as a page can: what it cannot, the browser's kiosk mode does
// (docs/kiosk.md).

(function() {
  'use strict';

  const KEYS = new Set(['F1', 'F2', 'F3', 'F4', 'F5', 'F6', 'F7', 'F8', 'F9', 'F10', 'F11', 'F12', 'ContextMenu',
    'BrowserBack', 'BrowserForward', 'BrowserHome', 'BrowserRefresh', 'BrowserSearch', 'BrowserFavorites', 'Help',
    'PrintScreen', 'Backspace', '/', '\'']);

  const stop = event => event.preventDefault();

  function lock() {
    for (const name of ['contextmenu', 'selectstart', 'dragstart', 'dragover', 'drop', 'copy', 'cut', 'paste', 'gesturestart',
      'auxclick']) {
      document.addEventListener(name, stop, {capture: true, passive: false});
    }
    document.addEventListener('wheel', event => event.ctrlKey && stop(event), {capture: true, passive: false});
    // after the scanner, which types such keys as well
    document.addEventListener('keydown', event => {
      if (KEYS.has(event.key) || event.altKey || event.metaKey || event.ctrlKey) {
        stop(event);
      }
    });
    // one step back is always this page
    history.replaceState(null, '');
    history.pushState(null, '');
    window.addEventListener('popstate', () => history.pushState(null, ''));
    for (const name of ['pointerup', 'keyup']) {
      document.addEventListener(name, fillScreen);
    }
    keepAwake();
    document.addEventListener('visibilitychange', keepAwake);
  }

  // Browsers allow it only as the answer to a touch or a key.
  function fillScreen() {
    const page = document.documentElement;
    if (!document.fullscreenElement && page.requestFullscreen) {
      page.requestFullscreen({navigationUI: 'hide'}).catch(() => {}); // refused: the page works without
    }
  }

  async function keepAwake() {
    if (navigator.wakeLock && document.visibilityState === 'visible') {
      try {
        await navigator.wakeLock.request('screen');
      } catch {
        // refused, by a low battery for one: the device's own settings count
      }
    }
  }

  window.CheckinPrintKioskLock = {lock};
})();

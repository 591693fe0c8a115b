/* What a closeUrl page loads: it closes the payment window. In a frame it asks the page around to remove it;
   as a page of its own it goes back over the window and itself to the shop's page. */
(function () {
  "use strict";
  if (window.parent !== window) {
    window.parent.postMessage({ type: "INIStdPay.close" }, "*");
  } else if (window.history.length > 2) {
    window.history.go(-2);
  }
})();

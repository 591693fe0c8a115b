/* What a closeUrl page loads: it closes the payment window. In a frame it asks the page around to remove it; as a
   page of its own it returns to the page that called INIStdPay.pay, which is on the closeUrl's own host. */
(function () {
  "use strict";
  if (window.parent !== window) {
    window.parent.postMessage({ type: "INIStdPay.close" }, "*");
    return;
  }
  var opener = sessionStorage.getItem("INIStdPay.opener");
  if (opener) {
    window.location.replace(opener);
  } else if (window.history.length > 2) {
    window.history.go(-2);
  }
})();

/* Stand-in for KG Inicis' PC payment script: the same global and the same call. The real script opens the
   window in an overlay; this one navigates, and both end in a form POST to returnUrl on top of the page. */
(function () {
  "use strict";
  var origin = new URL(document.currentScript.src).origin;
  var required = ["version", "mid", "oid", "goodname", "price", "currency", "buyername", "buyertel", "buyeremail",
    "timestamp", "signature", "verification", "mKey", "use_chkfake", "returnUrl", "acceptmethod"];

  function refuse(message) {
    var box = document.createElement("p");
    box.id = "inistdpay-error";
    box.setAttribute("role", "alert");
    box.style.cssText = "position:fixed;inset:auto 0 0 0;margin:0;padding:1rem;background:#7a1020;color:#fff;z-index:9999";
    box.textContent = "INIStdPay: " + message;
    document.body.appendChild(box);
    return false;
  }

  window.INIStdPay = {
    pay: function (formId) {
      var form = document.getElementById(formId);
      if (!form) { return refuse("폼을 찾을 수 없습니다: " + formId); }
      if (/Mobi|Android|iPhone|iPad/.test(navigator.userAgent)) {
        return refuse("이 기기에서는 결제할 수 없습니다. PC를 이용해 주세요.");
      }
      for (var i = 0; i < required.length; i++) {
        var field = form.elements.namedItem(required[i]);
        if (!field || !field.value) { return refuse("필수 값이 없습니다: " + required[i]); }
      }
      sessionStorage.setItem("INIStdPay.opener", window.location.href);
      form.method = "post";
      form.acceptCharset = "UTF-8";
      form.action = origin + "/inicis/window";
      form.target = "_self";
      form.submit();
      return true;
    }
  };
})();

/* Stand-in for PortOne V2's browser SDK: the same global (PortOne) and the same calls. */
(function () {
  "use strict";
  var origin = new URL(document.currentScript.src).origin;

  function post(path, body) {
    return fetch(origin + path, {
      method: "POST", mode: "cors", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body)
    }).then(function (r) { return r.json(); });
  }

  function el(tag, text, parent) {
    var node = document.createElement(tag);
    node.textContent = text;
    parent.appendChild(node);
    return node;
  }

  var labels = { VIRTUAL_ACCOUNT: "가상계좌 발급", BILLING_KEY: "카드 등록" };

  /* What pays stands out, what goes back is plain, what makes a failure looks like one. */
  var looks = {
    pay: "background:#0b57d0;border:1px solid #0b57d0;color:#fff;font-weight:600",
    cancel: "background:#fff;border:1px dashed #8c959f;color:#1f2328",
    fail: "background:#fff;border:1px solid #a40e26;color:#a40e26"
  };

  function overlay(win) {
    return new Promise(function (resolve) {
      var back = document.createElement("div");
      back.id = "portone-window";
      back.setAttribute("role", "dialog");
      back.setAttribute("aria-modal", "true");
      back.setAttribute("aria-label", "포트원 V2 결제창");
      back.style.cssText = "position:fixed;inset:0;background:rgba(0,0,0,.55);display:flex;align-items:center;justify-content:center;z-index:9999";
      var box = document.createElement("div");
      box.style.cssText = "box-sizing:border-box;background:#fff;color:#222;padding:1.5rem;border-radius:8px;width:22rem;max-width:90vw;font-family:sans-serif;overflow-wrap:anywhere";
      back.appendChild(box);
      el("h2", "포트원 V2 · KG이니시스 (샌드박스)", box).style.fontSize = "1rem";
      el("p", win.shop + " · " + win.goods, box);
      el("p", win.method_name || win.method, box).className = "method";
      el("p", win.amount.toLocaleString("ko-KR") + "원", box).style.fontWeight = "bold";
      [["pay", labels[win.method] || "결제하기"], ["cancel", "취소"], ["fail", "실패 (한도초과)"]].forEach(function (b) {
        var button = el("button", b[1], box);
        button.id = b[0];
        button.type = "button";
        button.style.cssText = looks[b[0]] + ";display:block;width:100%;margin:.4rem 0;padding:.75rem 1rem;font-size:1rem;border-radius:8px;cursor:pointer";
        button.addEventListener("click", function () { back.remove(); resolve(b[0]); }, { once: true });
      });
      document.body.appendChild(back);
      box.querySelector("#pay").focus();
    });
  }

  function request(params, path) {
    var mobile = /Mobi|Android|iPhone|iPad/.test(navigator.userAgent);
    var redirect = mobile || params.forceRedirect === true;
    return post(path.open, { device: redirect ? "mobile" : "pc", redirect: redirect, params: params })
      .then(function (win) {
        if (win.code) { return win; }
        if (redirect) {
          window.location.href = win.window;
          return new Promise(function () {});
        }
        return overlay(win).then(function (action) {
          return post(path.act, { key: win.key, action: action });
        });
      });
  }

  function requestPayment(params) {
    return request(params, { open: "/portone/sdk/v2/open", act: "/portone/sdk/v2/act" });
  }

  function requestIssueBillingKey(params) {
    return request(params, { open: "/portone/sdk/v2/issue", act: "/portone/sdk/v2/issue/act" });
  }

  window.PortOne = { requestPayment: requestPayment, requestIssueBillingKey: requestIssueBillingKey };
})();

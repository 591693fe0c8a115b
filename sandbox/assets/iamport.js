/* Stand-in for PortOne V1's browser SDK: the same global (IMP) and the same calls. */
(function () {
  "use strict";
  var origin = new URL(document.currentScript.src).origin;
  var impCode = "";

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

  /* What pays stands out, what goes back is plain, what makes a failure looks like one. */
  var looks = {
    pay: "background:#0b57d0;border:1px solid #0b57d0;color:#fff;font-weight:600",
    cancel: "background:#fff;border:1px dashed #8c959f;color:#1f2328",
    fail: "background:#fff;border:1px solid #a40e26;color:#a40e26"
  };

  function overlay(win, act) {
    var back = document.createElement("div");
    back.id = "imp-window";
    back.setAttribute("role", "dialog");
    back.setAttribute("aria-modal", "true");
    back.setAttribute("aria-label", "포트원 V1 결제창");
    back.style.cssText = "position:fixed;inset:0;background:rgba(0,0,0,.55);display:flex;align-items:center;justify-content:center;z-index:9999";
    var box = document.createElement("div");
    box.style.cssText = "box-sizing:border-box;background:#fff;color:#222;padding:1.5rem;border-radius:8px;width:22rem;max-width:90vw;font-family:sans-serif;overflow-wrap:anywhere";
    back.appendChild(box);
    el("h2", "포트원 V1 · KG이니시스 (샌드박스)", box).style.fontSize = "1rem";
    el("p", win.shop + " · " + win.goods, box);
    el("p", win.method_name || win.method, box).className = "method";
    el("p", win.amount.toLocaleString("ko-KR") + "원", box).style.fontWeight = "bold";
    [["pay", win.method === "vbank" ? "가상계좌 발급" : "결제하기"], ["cancel", "취소"], ["fail", "실패 (한도초과)"]].forEach(function (b) {
      var button = el("button", b[1], box);
      button.id = b[0];
      button.type = "button";
      button.style.cssText = looks[b[0]] + ";display:block;width:100%;margin:.4rem 0;padding:.75rem 1rem;font-size:1rem;border-radius:8px;cursor:pointer";
      button.addEventListener("click", function () { back.remove(); act(b[0]); }, { once: true });
    });
    document.body.appendChild(back);
    box.querySelector("#pay").focus();
  }

  function requestPay(params, callback) {
    var done = typeof callback === "function" ? callback : function () {};
    var uid = params && params.merchant_uid;
    var refuse = function (code, msg) { done({ imp_uid: null, merchant_uid: uid, error_code: code, error_msg: msg }); };
    if (!impCode) { refuse("F400", "IMP.init을 먼저 호출하세요."); return; }
    var mobile = /Mobi|Android|iPhone|iPad/.test(navigator.userAgent);
    var redirect = mobile || params._redirect === true;
    post("/portone/sdk/v1/open", { imp_code: impCode, device: redirect ? "mobile" : "pc", redirect: redirect, params: params })
      .then(function (win) {
        if (win.error_code) { refuse(win.error_code, win.error_msg); return; }
        if (redirect) { window.location.href = win.window; return; }
        overlay(win, function (action) {
          post("/portone/sdk/v1/act", { key: win.key, action: action }).then(done, function () {
            refuse("F500", "결제창과 통신하지 못했습니다.");
          });
        });
      }, function () { refuse("F500", "결제창을 열지 못했습니다."); });
  }

  window.IMP = {
    init: function (code) { impCode = code; },
    agency: function (code) { impCode = code; },
    request_pay: requestPay
  };
})();

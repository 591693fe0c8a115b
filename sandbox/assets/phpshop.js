/* The page of the shop that posts forms. It knows its own answers and what to do with a PG's window, and nothing else. */
(function () {
  "use strict";
  var form = document.getElementById("forderform");
  var problem = document.getElementById("problem");

  function refuse(said) {
    problem.textContent = said.msg || "주문할 수 없습니다";
    problem.dataset.code = said.code || "";
    problem.hidden = false;
    if (form) { document.getElementById("order").disabled = false; }
  }

  function loadScript(src) {
    return new Promise(function (resolve, reject) {
      var script = document.createElement("script");
      script.src = src;
      script.charset = "UTF-8";
      script.onload = resolve;
      script.onerror = function () { reject({ msg: "결제 스크립트를 불러오지 못했습니다" }); };
      document.head.appendChild(script);
    });
  }

  /* A form of hidden fields, which is part of the page. */
  function hidden(params) {
    var pay = document.createElement("form");
    pay.id = "inicis-pay";
    pay.method = "post";
    Object.keys(params).forEach(function (name) {
      var input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = params[name];
      pay.appendChild(input);
    });
    document.body.appendChild(pay);
    return pay;
  }

  function openInicis(params) { window.INIStdPay.pay(hidden(params).id); }

  /* The window on phones is a page of its own, whose form is in EUC-KR. */
  function openMobile(win) {
    var pay = hidden(win.params);
    pay.action = win.action;
    pay.acceptCharset = "euc-kr";
    pay.submit();
  }

  function complete(body) {
    return fetch("/checkout/complete", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body)
    }).then(function (r) { return r.json(); }).then(function (r) {
      if (!r.redirect_url) { throw { msg: r.buyer && r.buyer.ko, code: r.code }; }
      window.location.href = r.redirect_url;
    });
  }

  function open(pay) {
    var win = pay.window;
    if (win.kind === "inicis_mobile") { return openMobile(win); }
    return loadScript(win.script).then(function () {
      switch (win.kind) {
        case "inicis_pc": return openInicis(win.params);
        case "portone_v1":
          window.IMP.init(win.init_code);
          return new Promise(function (resolve) { window.IMP.request_pay(win.params, resolve); }).then(function (r) {
            return complete({ attempt_id: pay.attempt_id, pg_tx_id: r.imp_uid || undefined, code: r.error_code || undefined, message: r.error_msg || undefined });
          });
        case "portone_v2":
          return window.PortOne.requestPayment(win.params).then(function (r) {
            return complete({ attempt_id: pay.attempt_id, pg_tx_id: r.txId || undefined, payment_token: r.paymentToken || undefined, code: r.code || undefined, message: r.message || undefined });
          });
        default: throw { msg: "알 수 없는 결제창입니다", code: win.kind };
      }
    });
  }

  function told(said) { refuse(said instanceof Error ? { msg: said.message } : said); }

  /* The page that the server made with a window in it. */
  var ready = document.getElementById("paynow");
  if (ready) {
    ready.addEventListener("click", function () { open(JSON.parse(ready.dataset.window)).catch(told); });
  }
  if (!form) { return; }

  form.addEventListener("submit", function (event) {
    if (event.submitter && event.submitter.id === "order-page") { return; }
    event.preventDefault();
    problem.hidden = true;
    document.getElementById("order").disabled = true;
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) })
      .then(function (r) { return r.json(); })
      .then(function (order) {
        if (order.result !== "ok") { throw order; }
        if (!order.pay || !order.pay.window) {
          throw (order.pay && order.pay.problem) || { msg: "결제창이 없습니다" };
        }
        return open(order.pay);
      })
      .catch(told);
  });
})();

/* The demo shop's page. All addresses of the shop are relative, since it is served at /shop/ by the sandbox and
   at / by the gateway; /checkout is the gateway's own. */
(function () {
  "use strict";
  var form = document.getElementById("shop");
  var button = document.getElementById("order");
  var problemBox = document.getElementById("problem");
  var pendingKey = "pending-order";

  function chosen(name) { return form.querySelector("input[name=" + name + "]:checked"); }
  function total() { return Number(chosen("goods").dataset.price) * Math.max(1, Number(form.elements.qty.value) || 1); }
  function showTotal() { document.getElementById("total").textContent = total().toLocaleString("ko-KR") + "원"; }
  /* ?app=myshop plays the page in that app's WebView: what follows the payment is an address of the app. */
  var app = new URLSearchParams(window.location.search).get("app") || undefined;
  function mobile() { return form.elements.mobile.checked || /Mobi|Android|iPhone|iPad/.test(navigator.userAgent); }
  function device() { return app && !form.elements.mobile.checked ? "app" : mobile() ? "mobile" : "pc"; }
  function returnURL() { return app ? app + "://result" : new URL("result", window.location.href).href; }

  function line(text, kind) {
    if (!text) { return; }
    var p = document.createElement("p");
    p.className = kind;
    p.textContent = text;
    problemBox.appendChild(p);
  }

  function showProblem(p) {
    problemBox.textContent = "";
    var said = p.buyer || (p.payload && p.payload.buyer);
    if (said) {
      line(said.ko, "title");
      line(said.en, "en");
    } else {
      line(p.title || p.message || "요청을 처리하지 못했습니다", "title");
      line(p.detail_ko, "ko");
      line(p.detail_en || p.detail, "en");
      if (p.fix) { line(p.fix.ko, "ko"); line(p.fix.en, "en"); }
    }
    line(p.code, "code");
    (p.errors || []).forEach(function (e) { line((e.field ? e.field + ": " : "") + (e.message || ""), "en"); });
    problemBox.dataset.code = p.code || "";
    problemBox.hidden = false;
    problemBox.scrollIntoView({ block: "nearest" });
    button.disabled = false;
  }

  function post(url, body) {
    return fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Device": device() },
      body: JSON.stringify(body)
    }).then(function (r) {
      return r.text().then(function (text) {
        var data;
        try { data = JSON.parse(text); } catch (e) {
          throw { title: "게이트웨이를 거치지 않은 화면입니다. 게이트웨이 주소로 여세요.", detail_en: "HTTP " + r.status + " without JSON from " + url, code: "NO_GATEWAY" };
        }
        if (!r.ok || data.error === true || (data.payload !== undefined && data.code && data.code !== "0000")) { throw data; }
        return data;
      });
    });
  }

  function buyer() {
    return { name: form.elements.buyer.value, tel: form.elements.tel.value, email: form.elements.email.value };
  }

  /* What of the order is mileage: the whole, or the part beside another method. */
  function points() {
    if (chosen("method").value === "mileage") { return total(); }
    return Math.min(total(), Math.max(0, Math.floor(Number(form.elements.points.value) || 0)));
  }

  /* The methods and what each pays, with the words that name them in words. */
  function split(amount, words, name, won) {
    var list = [];
    function part(word, n) { var p = {}; p[name] = word; p[won] = n; list.push(p); }
    if (amount > points()) { part(words(chosen("method")), amount - points()); }
    if (points() > 0) { part(words(form.querySelector("input[value=mileage]")), points()); }
    return list;
  }
  function word(input) { return input.value; }
  function code(input) { return intercepted() ? input.dataset.code : input.value; }

  /* The deadline of a virtual account, when the buyer chose one: the end of that day in Korea. */
  function due() {
    return chosen("method").value === "vbank" && form.elements.due.value ? form.elements.due.value : undefined;
  }

  function intercepted() { return form.elements.flow.value === "intercept"; }

  /* The gateway's example intercepts api/orders and nothing below it. */
  function createOrder() {
    return post(intercepted() ? "api/orders" : "api/orders/direct", {
      goods: [{ goodsNo: chosen("goods").value, qty: Number(form.elements.qty.value) }],
      payMeans: split(total(), code, "payWayCd", "payAmt"),
      buyer: buyer(), vbank_due: due(), app_scheme: app, return_url: returnURL()
    }).then(function (r) { return r.payload; });
  }

  function checkout(order) {
    return post("/checkout", {
      order_id: order.ordNo, amount: order.payAmt, currency: "KRW", order_name: order.goodsNm, tax_free: order.taxFreeAmt,
      payments: split(order.payAmt, word, "method", "amount"),
      vbank_due: due(), buyer: buyer(), site: "main", device: device(),
      app_scheme: app, return_url: returnURL()
    });
  }

  /* What the interception put into the answer may be the whole checkout answer or the window alone. */
  function fromInterception(order) {
    var pg = order.pg || { problem: { title: "이 주소에는 인터셉트가 없습니다", code: "NO_INTERCEPT" } };
    if (pg.problem) { throw pg.problem; }
    if (pg.window !== undefined || pg.settled_by) { return pg; }
    var params = pg.params || {};
    return { window: pg, attempt_id: pg.attempt_id || params.oid || params.merchant_uid || params.paymentId };
  }

  function loadScript(src) {
    return new Promise(function (resolve, reject) {
      var script = document.createElement("script");
      script.src = src;
      script.charset = "UTF-8";
      script.onload = resolve;
      script.onerror = function () { reject({ title: "결제 스크립트를 불러오지 못했습니다", detail_en: "The PG's script did not load", code: "SCRIPT" }); };
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

  function openInicis(win) { window.INIStdPay.pay(hidden(win.params).id); }

  function complete(body) {
    return post("/checkout/complete", body).then(function (r) { window.location.href = r.redirect_url; });
  }

  function openV1(win, attempt) {
    window.IMP.init(win.init_code);
    var params = win.params;
    if (form.elements.mobile.checked) { params = Object.assign({ _redirect: true }, params); }
    return new Promise(function (resolve) { window.IMP.request_pay(params, resolve); }).then(function (rsp) {
      return complete({ attempt_id: attempt, pg_tx_id: rsp.imp_uid || undefined, code: rsp.error_code || undefined, message: rsp.error_msg || undefined });
    });
  }

  /* The window on phones is a page of its own, whose form is in EUC-KR. */
  function openMobile(win) {
    var pay = hidden(win.params);
    pay.action = win.action;
    pay.acceptCharset = "euc-kr";
    pay.submit();
  }

  function openV2(win, attempt) {
    var params = win.params;
    if (form.elements.mobile.checked) { params = Object.assign({}, params, { forceRedirect: true }); }
    return window.PortOne.requestPayment(params).then(function (rsp) {
      return complete({ attempt_id: attempt, pg_tx_id: rsp.txId || undefined, payment_token: rsp.paymentToken || undefined, code: rsp.code || undefined, message: rsp.message || undefined });
    });
  }

  function open(order, answer) {
    if (!answer.window) {
      return post("api/orders/" + encodeURIComponent(order.ordNo) + "/internal", {}).then(function () {
        window.location.href = "result?status=approved&order_id=" + encodeURIComponent(order.ordNo);
      });
    }
    var win = answer.window;
    sessionStorage.setItem(pendingKey, order.ordNo);
    if (win.kind === "inicis_mobile") { return openMobile(win); }
    return loadScript(win.script).then(function () {
      switch (win.kind) {
        case "inicis_pc": return openInicis(win);
        case "portone_v1": return openV1(win, answer.attempt_id);
        case "portone_v2": return openV2(win, answer.attempt_id);
        default: throw { title: "알 수 없는 결제창입니다", detail_en: "Unknown window kind " + win.kind, code: "WINDOW" };
      }
    });
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    button.disabled = true;
    problemBox.hidden = true;
    createOrder().then(function (order) {
      var answer = intercepted() ? Promise.resolve(fromInterception(order)) : checkout(order);
      return answer.then(function (a) { return open(order, a); });
    }).catch(function (p) {
      showProblem(p instanceof Error ? { title: "요청을 보내지 못했습니다", detail_en: p.message, code: "NETWORK" } : p);
    });
  });

  form.addEventListener("input", function () {
    showTotal();
    document.getElementById("due-row").hidden = chosen("method").value !== "vbank";
    document.getElementById("points-row").hidden = chosen("method").value === "mileage";
  });
  window.addEventListener("pageshow", function () {
    button.disabled = false;
    showTotal();
    if (sessionStorage.getItem(pendingKey)) {
      document.getElementById("closed").hidden = false;
      sessionStorage.removeItem(pendingKey);
    }
  });
})();

/* The demo shop's result page: what the address says is a hint, what the shop's own order says is the truth. */
(function () {
  "use strict";
  sessionStorage.removeItem("pending-order");
  var query = new URLSearchParams(window.location.search);
  var id = query.get("order_id") || "";
  var hint = query.get("status") || "";
  var status = document.getElementById("status");
  var deadline = Date.now() + 120000;
  var words = { confirmed: "주문 확정", cancelled: "결제 취소", failed: "결제 실패", checking: "확인 중", deposit: "입금 대기", expired: "입금기한이 지났습니다", registered: "결제수단 등록 완료" };

  function show(state) {
    status.dataset.status = state;
    status.textContent = words[state];
  }

  function stateOf(order) {
    if (order.status === "paid") { return "confirmed"; }
    if (order.billingKey) { return "registered"; }
    if (order.account) { return "deposit"; }
    if (order.status === "cancelled" || hint === "cancelled" || query.get("code") === "BUYER_CANCELLED") { return "cancelled"; }
    if (order.failed && hint === "issued") { return "expired"; }
    if (hint === "declined" || hint === "refused" || hint === "failed") { return "failed"; }
    return "checking";
  }

  function showAccount(account) {
    document.getElementById("account").hidden = !account;
    if (!account) { return; }
    document.getElementById("account-bank").textContent = account.bank;
    document.getElementById("account-number").textContent = account.number;
    document.getElementById("account-holder").textContent = account.holder;
    document.getElementById("account-due").textContent = account.due;
  }

  function poll() {
    fetch("api/orders/" + encodeURIComponent(id), { cache: "no-store" }).then(function (r) { return r.json(); }).then(function (r) {
      if (!r.payload) {
        show("failed");
        document.getElementById("reason").textContent = r.message;
        document.getElementById("reason").hidden = false;
        return;
      }
      document.getElementById("goods").textContent = r.payload.goodsNm;
      document.getElementById("amount").textContent = r.payload.payAmt.toLocaleString("ko-KR") + "원";
      var state = stateOf(r.payload);
      show(state);
      showAccount(state === "deposit" ? r.payload.account : null);
      if ((state === "checking" || state === "deposit") && Date.now() < deadline) { setTimeout(poll, 500); }
    }, function () { if (Date.now() < deadline) { setTimeout(poll, 1500); } });
  }

  document.getElementById("order-id").textContent = id || "-";
  var code = query.get("code");
  if (code) {
    document.getElementById("reason").textContent = "코드 " + code;
    document.getElementById("reason").hidden = false;
  }
  poll();
})();

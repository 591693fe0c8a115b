/* The demo shop's result page: what the address says is a hint, what the shop's own order says is the truth. */
(function () {
  "use strict";
  sessionStorage.removeItem("pending-order");
  var query = new URLSearchParams(window.location.search);
  var id = query.get("order_id") || "";
  var hint = query.get("status") || "";
  var status = document.getElementById("status");
  var refund = document.getElementById("refund");
  var refunded = false;
  var deadline = Date.now() + 120000;
  var words = { confirmed: "주문 확정", cancelled: "결제 취소", failed: "결제 실패", checking: "확인 중", deposit: "입금 대기", expired: "입금기한이 지났습니다", registered: "결제수단 등록 완료" };

  function show(state) {
    status.dataset.status = state;
    status.textContent = words[state];
  }

  function stateOf(order) {
    if (order.status === "paid") { return refunded ? "checking" : "confirmed"; }
    if (order.billingKey) { return "registered"; }
    if (order.account) { return "deposit"; }
    if (order.status === "cancelled" || hint === "cancelled" || query.get("code") === "BUYER_CANCELLED") { return "cancelled"; }
    if (order.failed && hint === "issued") { return "expired"; }
    if (hint === "declined" || hint === "refused" || hint === "failed") { return "failed"; }
    return "checking";
  }

  /* A moment the way people read it; what is no moment stays as it is. */
  function when(text) {
    var at = new Date(text);
    if (isNaN(at.getTime())) { return text; }
    return at.toLocaleString("ko-KR", { timeZone: "Asia/Seoul", year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }) + "까지";
  }

  /* Banks by their standard code. */
  var banks = {
    "003": "IBK기업은행", "004": "KB국민은행", "007": "수협은행", "011": "NH농협은행", "020": "우리은행", "023": "SC제일은행", "027": "한국씨티은행",
    "031": "iM뱅크", "032": "부산은행", "034": "광주은행", "035": "제주은행", "037": "전북은행", "039": "경남은행", "045": "새마을금고",
    "048": "신협", "071": "우체국", "081": "하나은행", "088": "신한은행", "089": "케이뱅크", "090": "카카오뱅크", "092": "토스뱅크"
  };

  function showAccount(account) {
    document.getElementById("account").hidden = !account;
    if (!account) { return; }
    document.getElementById("account-bank").textContent = banks[account.bank] || account.bank;
    document.getElementById("account-number").textContent = account.number;
    document.getElementById("account-holder").textContent = account.holder;
    document.getElementById("account-due").textContent = when(account.due);
  }

  /* Giving back is the order service's to ask for, and its event says when it is done. */
  refund.addEventListener("click", function () {
    refund.disabled = true;
    fetch("api/orders/" + encodeURIComponent(id) + "/refund", { method: "POST" }).then(function (r) { return r.json(); }).then(function (r) {
      refund.disabled = false;
      var reason = document.getElementById("reason");
      reason.hidden = r.code === "0000";
      reason.textContent = r.code === "0000" ? "" : r.message;
      if (r.code === "0000") { refund.hidden = true; show("checking"); refunded = true; deadline = Date.now() + 120000; }
      poll();
    }, function () { refund.disabled = false; });
  });

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
      refund.hidden = !r.payload.refundable || refunded;
      if ((state === "checking" || state === "deposit") && Date.now() < deadline) { setTimeout(poll, 500); }
    }, function () { if (Date.now() < deadline) { setTimeout(poll, 1500); } });
  }

  document.getElementById("order-id").textContent = id || "-";
  var code = query.get("code");
  if (code) {
    document.getElementById("reason").textContent = query.get("detail_ko") || "결제가 끝나지 않았습니다. 다시 시도해 주세요.";
    document.getElementById("reason").dataset.code = code;
    document.getElementById("reason").hidden = false;
  }
  poll();
})();

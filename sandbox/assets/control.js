/* The bank's side of the sandbox: it pays into a virtual account as a buyer would. */
(function () {
  "use strict";
  var answer = document.getElementById("answer");
  document.querySelectorAll("button.deposit").forEach(function (button) {
    button.addEventListener("click", function () {
      var box = button.closest("fieldset");
      button.disabled = true;
      fetch("deposits", {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          account: button.dataset.account, amount: Number(box.querySelector("[name=amount]").value),
          force: box.querySelector("[name=force]").checked
        })
      }).then(function (r) { return r.json(); }).then(function (r) {
        if (r.ok) { window.location.reload(); return; }
        answer.textContent = r.error;
        answer.hidden = false;
        button.disabled = false;
      });
    });
  });
})();

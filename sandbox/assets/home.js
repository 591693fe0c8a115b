/* The front page's buttons: each sends one command and shows the page anew. */
(function () {
  "use strict";
  var answer = document.getElementById("answer");

  function say(text) {
    answer.textContent = text;
    answer.hidden = false;
    answer.scrollIntoView({ block: "nearest" });
  }

  document.querySelectorAll("button[data-post],button[data-delete]").forEach(function (button) {
    button.addEventListener("click", function () {
      button.disabled = true;
      var url = button.dataset.post || button.dataset.delete;
      var request = { method: button.dataset.post ? "POST" : "DELETE" };
      if (button.dataset.body) {
        request.headers = { "Content-Type": "application/json" };
        request.body = button.dataset.body;
      }
      fetch(url, request).then(function (r) { return r.json(); }).then(function (r) {
        if (r.ok) { window.location.reload(); return; }
        say(r.error || "명령을 받지 못했습니다");
        button.disabled = false;
      }, function () {
        say("샌드박스가 대답하지 않습니다");
        button.disabled = false;
      });
    });
  });
})();

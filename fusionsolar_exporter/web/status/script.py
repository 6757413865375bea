"""The page refreshes itself: the part that changes, not the page, so that nobody loses the place."""

SCRIPT = """
(function () {
  "use strict";
  var every = 10000;
  function again() { setTimeout(refresh, every); }
  function refresh() {
    if (document.hidden || document.activeElement && document.activeElement.id === "search") { return again(); }
    fetch(location.href, { credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) { throw new Error(answer.status); }
      return answer.text();
    }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, "text/html");
      var live = document.getElementById("live"), next = fresh.getElementById("live");
      var open = {}, parts = "section[id] > details";
      live.querySelectorAll(parts).forEach(function (each) { open[each.parentNode.id] = each.open; });
      next.querySelectorAll(parts).forEach(function (each) { each.open = !!open[each.parentNode.id]; });
      live.replaceWith(next);
      document.title = fresh.title;
    }).catch(function () {
      document.title = "(no answer) " + document.title.replace(/^\\(no answer\\) /, "");
    }).then(again);
  }
  again();
})();
"""

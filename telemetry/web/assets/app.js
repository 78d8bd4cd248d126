// The pages are whole without this. All it does: every 15 seconds it fetches the page anew and puts the new <main> in
// the place of the old one, unless somebody is reading, writing or printing.
"use strict";
(() => {
  const kEvery = 15000;
  const kMain = "main[data-renews]";
  let printing = false;

  const busy = () => {
    const main = document.querySelector(kMain);
    const selection = window.getSelection();
    return !main || document.hidden || printing ||
      main.querySelector("details[open]") !== null ||
      (document.activeElement !== null && document.activeElement !== main && main.contains(document.activeElement)) ||
      (selection !== null && !selection.isCollapsed);
  };

  const renew = async () => {
    if (busy()) { return; }
    try {
      const reply = await fetch(location.href, {cache: "no-store", credentials: "same-origin", redirect: "error"});
      if (!reply.ok) { return; }
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
      for (const part of [kMain, "footer"]) {
        const next = fresh.querySelector(part);
        const now = document.querySelector(part);
        if (next === null || now === null || busy()) { return; }
        // A table that was scrolled sideways stays where it was.
        const scrolled = [...now.querySelectorAll(".scroll")].map((frame) => frame.scrollLeft);
        now.replaceChildren(...next.childNodes);
        now.querySelectorAll(".scroll").forEach((frame, i) => { frame.scrollLeft = scrolled[i] || 0; });
      }
    } catch {
      // The resolver may be starting anew; the next turn tries again.
    }
  };

  if (document.querySelector(kMain) === null) { return; }
  window.addEventListener("beforeprint", () => { printing = true; });
  window.addEventListener("afterprint", () => { printing = false; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { renew(); } });
  setInterval(renew, kEvery);
})();

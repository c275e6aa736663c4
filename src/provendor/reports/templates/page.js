"use strict";
// Everything on the page can be read without this. It filters, copies, and opens what a link leads to.
(() => {
  const form = document.getElementById("filter");

  function target() {
    try { return document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return null; }
  }

  function reveal() {
    target()?.nextElementSibling?.querySelector?.(":scope > td > details")?.setAttribute("open", "");
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = "Copied";
    });
  }

  if (!form) {
    addEventListener("hashchange", reveal);
    reveal();
    return;
  }

  const count = document.getElementById("f-count");
  const sections = [...document.querySelectorAll(".vendor-cases")];
  const texts = new Map();
  let total = 0;
  for (const section of sections) total += section.querySelectorAll(".cases > tbody > tr[id]").length;

  const inFull = (row) => (row.nextElementSibling?.className === "more" ? row.nextElementSibling : null);

  function textOf(row) {
    let text = texts.get(row);
    if (text === undefined) {
      text = `${row.id} ${row.textContent} ${inFull(row)?.textContent ?? ""}`.toLowerCase();
      texts.set(row, text);
    }
    return text;
  }

  function filterSection(section, outcomes, words) {
    let shown = 0;
    for (const body of section.querySelector(".cases").tBodies) {
      let ofBody = 0;
      for (const row of body.rows) {
        if (!row.id) continue;
        const fits = (!outcomes.size || outcomes.has(row.cells[1].classList[1])) && words.every((word) => textOf(row).includes(word));
        row.hidden = !fits;
        const more = inFull(row);
        if (more) more.hidden = !fits;
        ofBody += fits;
      }
      body.hidden = !ofBody;
      shown += ofBody;
    }
    return shown;
  }

  function apply() {
    const wanted = new FormData(form);
    const words = String(wanted.get("text")).toLowerCase().split(/\s+/).filter(Boolean);
    const outcomes = new Set(wanted.getAll("outcome"));
    const vendor = wanted.get("vendor");
    let shown = 0;
    for (const section of sections) {
      const ofSection = !vendor || section.dataset.vendor === vendor ? filterSection(section, outcomes, words) : 0;
      section.hidden = !ofSection;
      shown += ofSection;
    }
    const all = total.toLocaleString("en");
    count.value = shown === total ? `${all} cases` : `${shown.toLocaleString("en")} of ${all} cases`;
  }

  function remember() {
    const kept = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) kept.append(name, value);
    history.replaceState(null, "", String(kept) ? `#?${kept}` : location.pathname + location.search);
  }

  function recall() {
    if (location.hash.startsWith("#?")) {
      choose(new URLSearchParams(location.hash.slice(2)));
      document.getElementById("cases").scrollIntoView();
      return;
    }
    reveal();
    const hidden = target();
    if (hidden?.closest("[hidden]")) { // a link to a case shows it, whatever was filtered before
      choose(new URLSearchParams());
      hidden.scrollIntoView();
    }
  }

  function choose(kept) {
    form.elements.text.value = kept.get("text") ?? "";
    form.elements.vendor.value = kept.get("vendor") ?? "";
    for (const box of form.querySelectorAll("[name=outcome]")) box.checked = kept.getAll("outcome").includes(box.value);
    apply();
  }

  let waiting = 0;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { apply(); remember(); }, 80);
  };
  form.addEventListener("input", later);
  form.addEventListener("reset", later);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", recall);
  form.hidden = false;
  count.value = `${total.toLocaleString("en")} cases`;
  recall();
})();

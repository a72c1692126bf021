/* What the pages do besides being read. Without JavaScript nothing is lost but comfort. */
(() => {
  "use strict";

  // A browser may not read other files of a folder on disk, so the search shows no excerpts there.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  /* A word of the glossary shows its definition when pointed at or focused; Escape hides it. */
  function explain(link, number) {
    const definition = document.createElement("span");
    definition.className = "course-definition";
    definition.id = `definition-${number}`;
    definition.setAttribute("role", "tooltip");
    definition.textContent = link.title;
    link.removeAttribute("title");
    link.setAttribute("aria-describedby", definition.id);
    const holder = document.createElement("span");
    holder.className = "course-term";
    link.replaceWith(holder);
    holder.append(link, definition);
    const show = (shown) => () => {
      definition.classList.toggle("shown", shown);
      if (shown) keepInside(definition);
    };
    for (const event of ["mouseenter", "focusin"]) holder.addEventListener(event, show(true));
    for (const event of ["mouseleave", "focusout"]) holder.addEventListener(event, show(false));
    document.addEventListener("keydown", (event) => event.key === "Escape" && show(false)());
  }

  function keepInside(box) {
    box.style.left = "0";
    const over = box.getBoundingClientRect().right - document.documentElement.clientWidth + 8;
    if (over > 0) box.style.left = `${-over}px`;
  }

  /* The theme's arrows that unfold part of the contents have no name. */
  function nameFolds() {
    for (const arrow of document.querySelectorAll(".bd-links summary")) {
      const link = arrow.closest("li")?.querySelector("a");
      arrow.setAttribute("aria-label", `Pages under ${link?.textContent ?? "this one"}`);
    }
  }

  /* References stand in a list, but call themselves something that may not stand in one. */
  function listReferences() {
    for (const entry of document.querySelectorAll(".citation-list > [role]")) entry.setAttribute("role", "listitem");
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("a[title]:has(> .std-term)").forEach(explain);
    nameFolds();
    listReferences();
  });
})();

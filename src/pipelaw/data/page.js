"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const form = get("filters");
  const list = [...document.querySelectorAll(".finding")];
  const fields = ["text", "rule", "platform", "path", "state"].map(get).filter(Boolean);
  const severities = [...form.querySelectorAll("[name=severity]")];
  const number = new Intl.NumberFormat("en");
  let texts = null;

  /* what a search looks through, read from the page when somebody first searches */
  const text = (index) => {
    texts ??= list.map((item) => {
      const body = [...item.querySelectorAll("summary, .source, .related, dl")];
      return body.map((part) => part.textContent).join("\n").toLowerCase();
    });
    return texts[index];
  };

  const wanted = () => {
    const words = get("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const path = get("path").value.trim().toLowerCase();
    const chosen = new Set(severities.filter((box) => box.checked).map((box) => box.value));
    const exact = fields.filter((field) => field.tagName === "SELECT" && field.value);
    return (item, index) =>
      (!chosen.size || chosen.has(item.dataset.severity)) &&
      exact.every((field) => item.dataset[field.id] === field.value) &&
      (!path || item.dataset.path.toLowerCase().includes(path)) &&
      words.every((word) => text(index).includes(word));
  };

  const filter = () => {
    const matches = wanted();
    let shown = 0;
    list.forEach((item, index) => {
      const visible = matches(item, index);
      shown += visible;
      if (item.hidden === visible) item.hidden = !visible;
    });
    const total = number.format(list.length);
    const noun = list.length === 1 ? "finding" : "findings";
    get("count").textContent =
      shown === list.length ? `${total} ${noun}` : `${number.format(shown)} of ${total} ${noun}`;
    if (get("none")) get("none").hidden = shown > 0;
  };

  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  };

  /* a finding shows what its rule says; the page holds that once for each rule */
  const explain = (item) => {
    const pointer = item.querySelector(".more");
    const rule = get(`rule-${item.dataset.rule}`);
    if (!pointer || !rule) return;
    const fixes = [...rule.querySelectorAll("[data-part=fix]")];
    const fix =
      fixes.find((part) => part.dataset.platform === item.dataset.platform) ??
      fixes.find((part) => !part.dataset.platform);
    const advice = document.createElement("div");
    advice.className = "advice";
    const parts = ["why", "references"].map((part) => rule.querySelector(`[data-part=${part}]`));
    parts.splice(1, 0, fix);
    parts.filter(Boolean).forEach((part) => advice.append(part.cloneNode(true)));
    pointer.replaceWith(advice);
  };

  const heads = () => list.filter((item) => !item.hidden).map((item) => item.querySelector("summary"));

  const move = (event, step) => {
    const item = event.target.closest(".finding");
    const all = heads();
    const from = item ? all.indexOf(item.querySelector("summary")) : -1;
    const next = from + step;
    if (!all.length || next >= all.length) return;
    event.preventDefault();
    (next < 0 ? get("text") : all[next]).focus();
  };

  const leave = (event) => {
    const item = event.target.closest(".finding");
    if (item) {
      const details = item.querySelector("details");
      if (details.open) {
        details.open = false;
        details.querySelector("summary").focus();
      } else {
        get("text").focus();
      }
    } else if (form.contains(event.target)) {
      event.preventDefault();
      form.reset();
      get("text").focus();
    }
  };

  const typing = (target) => target.matches("input:not([type=checkbox]), select, textarea");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const { target, key } = event;
    if (key === "/" && !typing(target)) {
      event.preventDefault();
      get("text").focus();
      get("text").select();
    } else if (key === "Escape") {
      leave(event);
    } else if (key === "ArrowDown" && (target.id === "text" || target.closest(".finding summary"))) {
      move(event, 1);
    } else if (key === "ArrowUp" && target.closest(".finding summary")) {
      move(event, -1);
    } else if (key === "Enter" && target.id === "text") {
      filter();
      move(event, 1);
    }
  });

  document.addEventListener(
    "toggle",
    (event) => {
      const item = event.target.closest?.(".finding");
      if (item && event.target.open) explain(item);
    },
    true,
  );

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", soon);
  form.addEventListener("reset", () => setTimeout(start));

  /* what is suppressed waits until somebody asks for it */
  const start = () => {
    if (get("state")) get("state").value = "open";
    filter();
  };

  document.documentElement.classList.add("scripted");
  get("severity").disabled = false;
  start();
})();

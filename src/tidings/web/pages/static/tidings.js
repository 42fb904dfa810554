// Makes pages nicer; every page works without it.
"use strict";

const LOCAL = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

// Times come in UTC: show them local, and UTC to who points at them.
function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.textContent = LOCAL.format(new Date(time.dateTime));
  }
}

function offerCopies(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    button.hidden = !navigator.clipboard;
  }
}

function dress(root) {
  localise(root);
  offerCopies(root);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1200);
});

// An element with data-refresh is fetched anew every data-every seconds, from the page it is on or the address it
// names, while anybody can see it. What the reader opened or selected stays.
async function refresh(element) {
  const answer = await fetch(element.dataset.refresh || location.href, { headers: { accept: "text/html" } });
  if (answer.redirected) return location.reload();
  if (!answer.ok) return undefined;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(element.id);
  if (!fresh) return undefined;
  keepOpen(element, fresh);
  dress(fresh);
  if (!fresh.isEqualNode(element)) element.replaceWith(fresh);
  return undefined;
}

function keepOpen(old, fresh) {
  const open = new Map([...old.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
  for (const one of fresh.querySelectorAll("details[id]")) {
    if (open.has(one.id)) one.open = open.get(one.id);
  }
}

function busy(element) {
  return document.hidden || element.contains(document.activeElement) || !document.getSelection().isCollapsed;
}

async function watch(id) {
  for (;;) {
    const element = document.getElementById(id);
    if (!element || !("refresh" in element.dataset)) return;
    await new Promise((wake) => setTimeout(wake, 1000 * Number(element.dataset.every || 5)));
    if (busy(element)) continue;
    try {
      await refresh(element);
    } catch {
      // The service is away: try again.
    }
  }
}

// The live tail: attempts become rows at the top of the list as they end, while anybody can see it.
const MOST_ROWS = 100;

function follow(button) {
  let stream = null;
  const stop = () => { stream?.close(); stream = null; };
  const start = () => {
    stop();
    stream = new EventSource(button.dataset.live);
    stream.addEventListener("rows", (event) => show(JSON.parse(event.data).html));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    if (on) start(); else stop();
  });
  document.addEventListener("visibilitychange", () => {
    if (button.getAttribute("aria-pressed") !== "true") return;
    if (document.hidden) stop(); else start();
  });
}

function show(html) {
  const rows = document.getElementById("deliveries");
  if (!rows) return location.reload();
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  for (const row of fresh.content.querySelectorAll("tr")) document.getElementById(row.id)?.remove();
  dress(fresh.content);
  rows.prepend(fresh.content);
  while (rows.children.length > MOST_ROWS) rows.lastElementChild.remove();
  return undefined;
}

// Filters apply when a choice was made, without the button.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.filters");
  if (form && event.target.matches("select")) form.requestSubmit();
});

dress(document);
for (const element of document.querySelectorAll("[data-refresh][id]")) watch(element.id);
for (const button of document.querySelectorAll("button[data-live]")) follow(button);

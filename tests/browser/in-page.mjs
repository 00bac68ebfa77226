// Questions asked inside the page. Each function is sent to the browser as text, so it uses nothing from outside.
/* global document, getComputedStyle, innerWidth */

export function shape() {
  const headings = [...document.querySelectorAll("h1,h2,h3,h4")];
  const levels = headings.map((h) => Number(h.tagName[1]));
  const drawings = [...document.querySelectorAll("svg")].filter((s) => s.checkVisibility());
  return {
    h1: document.querySelector("h1")?.textContent ?? "",
    headings: headings.map((h) => h.tagName),
    jumps: headings.filter((_, i) => i > 0 && levels[i] > levels[i - 1] + 1).map((h) => h.textContent),
    sections: [...document.querySelectorAll("section")].map((s) => s.id),
    rows: document.querySelectorAll("#candidates tbody tr").length,
    chosen: document.querySelectorAll("#candidates tr.chosen").length,
    drawings: drawings.length,
    empty: drawings
      .filter((s) => {
        const box = s.getBoundingClientRect();
        return box.width < 200 || box.height < 40 || s.querySelectorAll("rect,path,circle,line").length < 2;
      })
      .map((s) => s.closest("section").id),
    unnamed: drawings.filter((s) => !s.getAttribute("aria-label")).length,
  };
}

export function layoutFaults() {
  const clipped = [];
  const overlaps = [];
  for (const svg of [...document.querySelectorAll("svg")].filter((s) => s.checkVisibility())) {
    const frame = svg.getBoundingClientRect();
    const id = svg.closest("section").id;
    const texts = [...svg.querySelectorAll("text")].map((t) => ({
      words: t.lastChild.textContent,
      box: t.getBoundingClientRect(),
    }));
    for (const { words, box } of texts)
      if (
        box.left < frame.left - 1 ||
        box.right > frame.right + 1 ||
        box.top < frame.top - 1 ||
        box.bottom > frame.bottom + 1
      )
        clipped.push(`${id}: ${words}`);
    for (let i = 0; i < texts.length; i++)
      for (let j = i + 1; j < texts.length; j++) {
        const [a, b] = [texts[i].box, texts[j].box];
        const w = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        // Lines of text stand close: their boxes may touch, their letters may not.
        if (w > 1 && h > Math.min(a.height, b.height) * 0.3)
          overlaps.push(`${id}: "${texts[i].words}" and "${texts[j].words}"`);
      }
  }
  const scrolls = document.documentElement.scrollWidth > innerWidth;
  const wide = [...document.querySelectorAll("body *")].find((e) => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && box.right > innerWidth + 1 && !e.closest("svg,thead");
  });
  return {
    overflow:
      scrolls || wide ? `${document.documentElement.scrollWidth} px; ${wide?.outerHTML.slice(0, 120) ?? ""}` : null,
    clipped,
    overlaps,
  };
}

export function contrastFaults() {
  const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const f = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const faults = new Set();
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.tagName === "title" || !e.checkVisibility()) continue;
    const drawn = e.tagName === "text";
    // Text on a filled mark is judged by eye; the rest stands on the page's own colours.
    if (drawn && e.classList.contains("t-onfill")) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(drawn ? style.fill : style.color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.add(`${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""} ${ratio.toFixed(2)}`);
  }
  return [...faults];
}

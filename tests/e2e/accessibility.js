// What keeps people from using a page, as texts; an empty list is a good page. By WCAG 2.2 AA:
// 1.1.1, 1.3.1, 1.4.3 (contrast), 2.1.1, 2.4.2, 3.1.1, 4.1.1, 4.1.2.
(() => {
  const problems = [];
  const tell = (what, element) => problems.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  if (!document.title) problems.push("no title");
  if (!document.documentElement.lang) problems.push("no language");
  for (const tag of ["main", "h1"]) {
    const all = [...document.querySelectorAll(tag)].filter((one) => isShown(one) && !one.closest("dialog"));
    if (all.length !== 1) problems.push(`${all.length} visible <${tag}>`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids)) if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push(`id twice: ${id}`);
  for (const image of document.querySelectorAll("img:not([alt])")) tell("image without words", image);
  for (const list of document.querySelectorAll("ul, ol")) {
    for (const child of list.children) if (child.tagName !== "LI") tell("not an item of its list", child);
  }
  for (const pane of document.querySelectorAll("*")) {
    const scrolls = /auto|scroll/.test(getComputedStyle(pane).overflowY) && pane.scrollHeight > pane.clientHeight + 1;
    const canFocus = pane.tabIndex >= 0 || pane.querySelector("a[href], button:not([tabindex='-1']), summary, [tabindex='0']");
    if (scrolls && isShown(pane) && !canFocus) tell("cannot be scrolled by keys", pane);
  }

  // Any CSS colour as the browser itself paints it: [red, green, blue, alpha], each 0–1.
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const painted = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
  };
  const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      layers.push(painted(getComputedStyle(one).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reduceRight((below, layer) => [...over(layer, below), 1], [1, 1, 1, 1]);
  };
  // Relative luminance and contrast ratio as WCAG defines them.
  const luminance = (colour) => {
    const linear = colour.slice(0, 3).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !isShown(element) || element.closest(":disabled, script, style")) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const ground = behind(element);
    const ratio = contrast(over(painted(style.color), ground), ground);
    if (ratio < needed) tell(`contrast ${ratio.toFixed(2)}`, element);
  }
  return problems;
})();

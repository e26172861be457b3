/** What a dry run of an act on many found: how many it may change, and why not the others. */

/** @param {{ready: string[], refused: {text: string, detail: string}[]}} found @param {string} title */
export function report(found, title) {
  const box = document.createElement("div");
  const sum = document.createElement("p");
  sum.textContent = `可以${title} ${found.ready.length} 块，不能 ${found.refused.length} 块`;
  sum.className = "trial-sum";
  const list = document.createElement("ul");
  list.className = "refusals";
  for (const one of found.refused) {
    const row = document.createElement("li");
    const [name, why] = [document.createElement("b"), document.createElement("span")];
    name.textContent = one.text;
    why.textContent = one.detail;
    row.append(name, why);
    list.append(row);
  }
  box.append(sum, list);
  return box;
}

/** Acts on plates that have no way back in the register: said at once, with what to do instead. */

/** @type {Record<string, string>} */
const INSTEAD = {
  approve: "批错了请“取消”这块门牌，再为该地址另编",
  order: "下错单的在制作前到批次页取消这一批",
  produce: "登记错了请“报废”，再重新下单",
  deliver: "登记错了请“报废”，再重新下单",
  scrap: "报废的已回到“已批准”，可重新下单",
  install: "装错了请登记“报失”，找到后重新上墙",
  verify: "核验错了请登记“报损”或“报失”",
  "report-damage": "登记错了请重新登记上墙",
  "report-missing": "登记错了请重新登记上墙",
  replace: "旧牌已结束，新牌可以“取消”",
  supersede: "请为该地址另编门牌",
  remove: "请为该地址另编门牌",
};

/** @param {string} verb @returns {string} what is said behind an act, empty where it can be undone or changes no state */
export function finalWords(verb) {
  const instead = INSTEAD[verb.replaceAll("_", "-")];
  return instead ? `；不能撤销，${instead}` : "";
}

"use strict";
// The next run under other limits, as in forecast_flow.sql.
const panel = document.querySelector(".what-if");
const form = panel.querySelector("form");
const { stages, writing, run, widest, words } = JSON.parse(form.dataset.told);
const unit = run.credits_per_stage_credit, stop = run.credit_limit;
const write = (value) => Math.round(+value.toFixed(9)).toLocaleString("en-US");
const say = (key, ...values) => values.reduce((text, value) => text.replace("{}", write(value)), words[key]);

const flow = (articles, switches) => {
  const isAsked = articles !== null || switches.some((on) => on !== null);
  const made = {};
  let spent = 0, credits = 0, dearest = null;
  const rows = stages.map(({ learned_limit: learned, ...stage }, place) => {
    const on = switches[place] ?? stage.is_on ?? (isAsked || null);
    const limit = place === writing && articles !== null ? articles || null : stage.item_limit;
    const there = stage.items_waiting + (stage.fed_by && stage.flow_share * made[stage.fed_by]);
    const taken = on === false ? 0 : Math.min(there, limit ?? there, learned ?? there);
    made[stage.stage_number] = taken * stage.output_ratio;
    const before = spent, cost = taken * stage.price * unit;
    spent += cost;
    const share = stop === null || spent < stop ? 1 : before < stop ? (stop - before) / cost : 0;
    if (on) dearest = Math.max(dearest, stage.price * unit);
    credits += taken * share * stage.price;
    return [taken * share, taken * share * stage.price, on === false ? "off"
      : share < 1 && taken ? "stop"
      : limit !== null && limit < there && limit <= (learned ?? limit) ? "limit"
      : learned !== null && learned < there ? "learned" : "free"];
  });
  credits *= unit;
  const most = stop === null || dearest === null ? Infinity : stop + dearest;
  const ends = [run.size_80 && -run.size_80, run.size_80, run.log_80, run.log_90]
    .map((size) => size === null ? null : Math.min(credits * Math.exp(size), most));
  return [credits, rows, ...ends];
};

const show = () => {
  const [articles, balance] = [form.articles, form.balance].map(({ value, validity }) => value && validity.valid ? Number(value) : null);
  const boxes = [...form.querySelectorAll("[type=checkbox]")];
  const switches = boxes.map((box) => box.checked === box.defaultChecked ? null : box.checked);
  const [now] = flow(null, stages.map(() => null));
  const [credits, rows, low, high, budget80, budget90] = flow(articles, switches);

  const mostArticles = () => {
    const covers = (most) => flow(most, switches)[4] <= balance;
    let covered = 0, beyond = Math.max(Math.ceil(rows[writing][0]), 1);
    if (covers(beyond)) return beyond;
    while (beyond - covered > 1) {
      const half = (covered + beyond) >> 1;
      if (covers(half)) covered = half; else beyond = half;
    }
    return covered;
  };
  const isUnsure = high > widest * low;
  const answer = [say("cost", credits)];
  if (low !== null && credits) answer.push(isUnsure ? say("unsure", high)
    : say(write(low) === write(high) ? "likely_one" : "likely", low, high));
  if (budget90 !== null && !isUnsure) answer.push(say("have", Math.ceil(budget90.toFixed(9))));
  if (balance !== null) {
    answer.push(budget80 === null ? say("unknown", balance)
      : balance < budget80 ? say(["none", "one"][mostArticles()] ?? "most", balance, mostArticles())
      : say(budget90 !== null && balance >= budget90 ? "nine" : "four", balance));
  }
  if (credits !== now) answer.push(say("now", now));
  form.querySelector("output").textContent = form.checkValidity() ? answer.join(" ") : words.wrong;
  rows.forEach(([taken, cost, held], place) => {
    const cells = form.querySelector("tbody").rows[place].cells;
    [write(taken), write(cost), words[held]].forEach((text, n) => { cells[n + 1].textContent = text; });
  });
  form.querySelector("tfoot td:nth-child(3)").textContent = write(credits);
};

form.oninput = show;
form.onsubmit = () => false;
panel.hidden = false;
show();

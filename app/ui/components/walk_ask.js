// Questions of the lesson: what is asked before something is shown, and the self-test at its end. Answers are scored in
// the browser and kept nowhere.
import { button, element, fill } from "./dom.js";
import { candidates, percent, score, short } from "./walk_steps.js";

function options(list, press) {
  const group = element("div", "options");
  group.setAttribute("role", "group");
  group.append(...list.map(([text, value, marked]) => {
    const made = button(text, () => press(value), "option");
    if (marked) made.dataset.state = marked;
    made.setAttribute("aria-pressed", String(Boolean(marked) && marked !== "missed"));
    return made;
  }));
  return group;
}

function said(text, good) {
  const made = element("p", "said", text);
  made.setAttribute("role", "status");
  made.tabIndex = -1;
  if (good !== undefined) made.dataset.good = String(good);
  return made;
}

// "Where will it look?": the cell under the keyboard or the pointer, and the score once it is chosen.
function guess(walk) {
  const { data, ui } = walk;
  const { words, facts } = data;
  const parts = [];
  if (!ui.guessed) {
    parts.push(element("p", "asked", words.guess_how));
    parts.push(button(words.guess_skip, () => walk.change({ guessed: true }, true), "plain"));
    return parts;
  }
  if (ui.guess) {
    const found = score(data, ui.guess);
    const hit = found.rank === 1;
    const rest = hit ? words.guess_hit : fill(words.guess_best, found.best);
    let anchor = "";
    if (facts.views) {
      const place = facts.views.order.slice(0, facts.views.k).findIndex(([x, y]) => x === found.x && y === found.y);
      anchor = fill(place < 0 ? words.guess_no_anchor : words.guess_anchor, { rank: place + 1, k: facts.views.k });
    }
    parts.push(said(`${fill(words.guess_score, found)} ${rest} ${anchor}`, found.percentile >= 90));
  } else {
    parts.push(said(fill(words.guess_best, score(data, ui.cell).best)));
  }
  parts.push(button(words.guess_again, () => walk.change({ guessed: false, guess: null }, true), "plain"));
  return parts;
}

function winner(walk) {
  const { data, ui } = walk;
  const { words, facts } = data;
  const list = candidates(data);
  if (list.length < 2) return [];
  const best = list.reduce((a, b) => (b.at < a.at ? b : a));
  if (!ui.winner) {
    const group = options(list.map((one) => [fill(words.view_letter, one), one.letter]), (letter) => (
      walk.change({ winner: letter, view: best.at }, true)));
    [...group.children].forEach((node, place) => {
      node.onpointerenter = node.onfocus = () => walk.board.tell({ box: place });
      node.onpointerleave = node.onblur = () => walk.board.tell({ box: -1 });
    });
    return [group];
  }
  const good = ui.winner === best.letter;
  const name = short(facts.names[facts.place]);
  const all = list.map((one) => `${one.letter} ${percent(one.share)}`).join(", ");
  const text = fill(words.winner, { letter: best.letter, name, share: percent(best.share) });
  return [said(`${good ? words.right : words.wrong} ${text} (${all})`, good),
    button(words.again, () => walk.change({ winner: null }, true), "plain")];
}

function oneAnchor(walk) {
  const { data, ui, step } = walk;
  const { words, facts } = data;
  const { views, place } = facts;
  const other = views.k === 1 ? views.order.length : 1;
  const same = views.answers[other - 1] === views.answers[views.k - 1];
  if (!ui.kAnswered) {
    return [element("p", "asked", step.question), options([[words.same, "same"], [words.another, "another"]], (answer) => (
      walk.change({ kAnswered: answer, n: other - 1 }, true)))];
  }
  const good = (ui.kAnswered === "same") === same;
  const share = (n) => percent(views.path[n - 1][place]);
  const text = fill(same ? words.same_answer : words.other_answer, {
    name: short(views.answers[other - 1]), target: short(facts.names[place]), share: share(other), before: share(views.k),
  });
  return [said(`${good ? words.right : words.wrong} ${text}`, good),
    button(words.again, () => walk.change({ kAnswered: null, n: views.k - 1 }, true), "plain")];
}

function quiz(walk) {
  const { data: { quiz: asked, words }, ui } = walk;
  const list = element("ol", "quiz");
  asked.forEach((question, number) => {
    const item = list.appendChild(element("li"));
    const answer = ui.quiz[number];
    const text = item.appendChild(element("p", "asked", question.asked));
    text.id = `question-${number}`;
    const mark = (place) => {
      if (answer === undefined) return "";
      if (place === question.right) return answer === place ? "right" : "missed";
      return answer === place ? "wrong" : "";
    };
    const group = options(question.options.map((option, place) => [short(option), place, mark(place)]), (place) => (
      answer === undefined && walk.change({ quiz: { ...ui.quiz, [number]: place } }, `question-${number}`)));
    group.setAttribute("aria-labelledby", text.id);
    item.appendChild(group);
    if (answer !== undefined) {
      const good = answer === question.right;
      const reply = item.appendChild(said(`${good ? words.right : words.wrong} ${question.why}`, good));
      reply.dataset.reply = `question-${number}`;
    }
  });
  const done = Object.keys(ui.quiz).length;
  const right = asked.filter((question, number) => ui.quiz[number] === question.right).length;
  const total = element("p", "score", done
    ? `${fill(words.score, { right, count: asked.length })} ${done < asked.length ? fill(words.test_rest, { left: asked.length - done }) : ""}`
    : "");
  total.setAttribute("role", "status");
  const parts = [list, total];
  if (done) parts.push(button(words.again, () => walk.change({ quiz: {} }, true), "plain"));
  return parts;
}

const KINDS = { guess, winner, k: oneAnchor, quiz };

export function ask(walk, kind) {
  return kind ? KINDS[kind](walk) : [];
}

// Whether a step still waits for its answer: playing stops there.
export function waits(walk, kind) {
  const { ui, data } = walk;
  if (kind === "guess") return !ui.guessed;
  if (kind === "winner") return !ui.winner && candidates(data).length > 1;
  if (kind === "k") return !ui.kAnswered;
  return kind === "quiz";
}

"use strict";
// Everything shown comes from documents that nobody vouches for: it becomes text nodes, never markup.

const data = JSON.parse(document.getElementById("data").textContent);
const entities = data.entities.map(([id, name, cls, aliases, description], place) => ({ id, name, cls, aliases, description, place, facts: [], folded: [] }));
const facts = data.facts.map(([id, s, p, o, confidence, status, from, to, qualifiers, rule, evidence, evidenceCount]) => ({
  id, subject: entities[s], property: p, object: typeof o === "number" ? entities[o] : null, literal: typeof o === "number" ? null : o,
  confidence, status, from, to, qualifiers, rule, evidence, evidenceCount,
}));
for (const fact of facts) {
  fact.subject.facts.push(fact);
  if (fact.object && fact.object !== fact.subject) fact.object.facts.push(fact);
}
const byId = new Map([...entities.map((e) => [e.id, e]), ...facts.map((f) => [f.id, f])]);
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
for (const e of entities) e.folded = [e.name, ...e.aliases].map(fold);

const $ = (id) => document.getElementById(id);
const search = $("search"), results = $("results"), main = $("main"), classFilter = $("class-filter"), propertyFilter = $("property-filter");
const RESULTS_SHOWN = 200, FACTS_SHOWN = 100, ROWS_A_SIDE = 12, CONTEXT = 240;
const HUES = [212, 28, 152, 338, 266, 186, 48, 0, 96, 300, 236, 122];
const colour = (cls) => `hsl(${HUES[cls % HUES.length]} ${cls < HUES.length ? 62 : 30}% 52%)`;
const number = (n) => n.toLocaleString("en");
const plural = (n, one, many = one + "s") => `${number(n)} ${n === 1 ? one : many}`;

// -- building elements

function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && key !== "role") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const groupId = ({ property, outward }) => `group-${property}-${outward ? "out" : "in"}`;
const isolated = (text, className = "") => el("bdi", { class: className, dir: "auto" }, text);
const shortened = (text, length) => { const letters = Array.from(text); return letters.length > length ? letters.slice(0, length - 1).join("") + "…" : text; };

function dot(cls) {
  const mark = el("span", { class: "dot", title: data.classes[cls] });
  mark.style.background = colour(cls);
  return mark;
}

function bar(share) {
  const filled = el("b");
  filled.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return el("i", {}, filled);
}

const entityLink = (entity) => el("a", { href: "#" + entity.id, class: "value" }, isolated(entity.name));
const matchesFilters = (entity) =>
  (classFilter.value === "" || entity.cls === Number(classFilter.value)) &&
  (propertyFilter.value === "" || entity.facts.some((fact) => fact.property === Number(propertyFilter.value)));

// -- the list on the left

let found = [], active = 0, current = null, listed = RESULTS_SHOWN;

function rank(entity, words) {
  let best = Infinity;
  entity.folded.forEach((name, at) => {
    const place = name.indexOf(words);
    if (place < 0) return;
    const score = (name === words ? 0 : place === 0 ? 2 : /[\p{L}\p{N}]/u.test(name[place - 1]) ? 6 : 4) + (at ? 1 : 0);
    if (score < best) { best = score; entity.matched = at; }
  });
  return best;
}

function find() {
  const words = fold(search.value.trim());
  if (!words) {
    found = entities.filter(matchesFilters);
  } else {
    const ranked = [];
    for (const entity of entities) {
      const score = rank(entity, words);
      if (score < Infinity && matchesFilters(entity)) ranked.push([score, entity]);
    }
    ranked.sort((a, b) => a[0] - b[0] || a[1].place - b[1].place);
    found = ranked.map((pair) => pair[1]);
  }
  active = 0;
  listed = RESULTS_SHOWN;
  results.scrollTop = 0;
  list();
}

function list() {
  const words = search.value.trim();
  results.replaceChildren(...found.slice(0, listed).map((entity, at) => {
    const alias = words && entity.matched > 0 ? entity.aliases[entity.matched - 1] : null;
    return el("li", {
      id: "option-" + at, role: "option", tabIndex: -1, "aria-selected": entity === current ? "true" : "false", class: at === active ? "active" : "",
      onclick: () => go(entity),
    }, dot(entity.cls), el("span", { class: "name", title: entity.name }, isolated(entity.name), alias ? el("span", { class: "alias" }, " · ", isolated(alias)) : null),
    el("span", { class: "n", title: plural(entity.facts.length, "fact") }, number(entity.facts.length)));
  }));
  if (found.length > listed) results.append(el("li", { role: "option", class: "muted", onclick: () => { listed += RESULTS_SHOWN; list(); } }, `Show more of ${number(found.length)}`));
  $("found").textContent = found.length ? `${plural(found.length, "entity", "entities")}${words ? " found" : ", best connected first"}` : "Nothing found; try fewer letters or another filter";
  search.setAttribute("aria-activedescendant", found.length ? "option-" + active : "");
}

function activate(to) {
  active = Math.max(0, Math.min(to, Math.min(found.length, listed) - 1));
  for (const item of results.children) item.classList.toggle("active", item.id === "option-" + active);
  search.setAttribute("aria-activedescendant", "option-" + active);
  document.getElementById("option-" + active)?.scrollIntoView({ block: "nearest" });
}

function go(entity) {
  location.hash = entity.id;
}

// -- the drawing: the entity in the middle, a branch for each property, the neighbours at its ends

function branchesOf(entity, chosen) {
  const branches = new Map();
  for (const fact of chosen) {
    if (!fact.object) continue;
    const outward = fact.subject === entity, key = `${fact.property}${outward ? ">" : "<"}`;
    if (!branches.has(key)) branches.set(key, { property: fact.property, outward, neighbours: new Map() });
    const other = outward ? fact.object : fact.subject, known = branches.get(key).neighbours.get(other);
    branches.get(key).neighbours.set(other, { disputed: fact.status === "disputed" || Boolean(known?.disputed) });
  }
  return [...branches.values()].sort((a, b) => b.neighbours.size - a.neighbours.size);
}

function sidesOf(branches) {
  const sides = [{ rows: 0, branches: [] }, { rows: 0, branches: [] }];
  const fair = Math.max(2, Math.floor((2 * ROWS_A_SIDE) / Math.max(1, branches.length)));
  let hidden = 0;
  for (const branch of branches) {
    const side = sides[1].rows <= sides[0].rows ? sides[1] : sides[0];
    const room = Math.min(Math.max(fair, branches.length < 3 ? ROWS_A_SIDE : 0), ROWS_A_SIDE - side.rows);
    if (room < 1) { hidden += 1; continue; }
    const all = [...branch.neighbours].sort((a, b) => a[0].place - b[0].place);
    const shown = all.length <= room ? all : all.slice(0, Math.max(1, room - 1));
    const rows = shown.length + (all.length > shown.length ? 1 : 0);
    side.branches.push({ ...branch, shown, left: all.length - shown.length, rows });
    side.rows += rows;
  }
  return { sides, hidden };
}

function drawing(entity, chosen) {
  const { sides, hidden } = sidesOf(branchesOf(entity, chosen));
  if (!sides[0].rows && !sides[1].rows) return null;
  const row = 31, gap = 15, width = 1060, centre = width / 2;
  const heightOf = (side) => side.rows * row + Math.max(0, side.branches.length - 1) * gap;
  const height = Math.max(heightOf(sides[0]), heightOf(sides[1]), 70) + 44;
  const lines = svg("g"), marks = svg("g");
  const name = shortened(entity.name, 22), half = Math.max(46, Array.from(name).length * 4.1 + 18);
  const line = (x1, y1, x2, y2, disputed, arrow) => {
    const middle = (x1 + x2) / 2;
    const path = svg("path", { d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, class: disputed ? "disputed" : "" });
    if (arrow) path.setAttribute("marker-end", "url(#arrow)");
    lines.append(path);
  };
  sides.forEach((side, at) => {
    const way = at === 0 ? -1 : 1;
    let top = (height - heightOf(side)) / 2;
    for (const branch of side.branches) {
      const middle = top + (branch.rows * row) / 2, label = shortened(data.properties[branch.property], 20);
      const pillHalf = Array.from(label).length * 3.5 + 13, pillX = centre + way * 205;
      const disputedAll = branch.shown.every((pair) => pair[1].disputed);
      if (branch.outward) line(centre + way * half, height / 2, pillX - way * pillHalf, middle, disputedAll, false);
      else line(pillX - way * (pillHalf + 9), middle, centre + way * half, height / 2, disputedAll, false);
      marks.append(pill(label, pillX, middle, pillHalf, way, branch));
      branch.shown.forEach(([other, { disputed }], index) => {
        const y = top + index * row + row / 2, x = centre + way * 318;
        if (branch.outward) line(pillX + way * pillHalf, middle, x - way * 11, y, disputed, true);
        else line(x - way * 6, y, pillX + way * pillHalf, middle, disputed, false);
        marks.append(node(other, x, y, way));
      });
      if (branch.left) {
        const y = top + branch.shown.length * row + row / 2, x = centre + way * 318;
        line(pillX + way * pillHalf, middle, x - way * 6, y, false, false);
        marks.append(svg("g", { class: "more" }, svg("text", { x, y: y + 4.5, "text-anchor": way < 0 ? "end" : "start" }, `and ${number(branch.left)} more below`)));
      }
      top += branch.rows * row + gap;
    }
  });
  const self = svg("rect", { x: centre - half, y: height / 2 - 19, width: 2 * half, height: 38, rx: 19, stroke: colour(entity.cls) });
  marks.append(svg("g", { class: "self" }, self, svg("text", { x: centre, y: height / 2 + 5, "text-anchor": "middle", direction: "ltr" }, name), svg("title", {}, entity.name)));
  if (hidden) marks.append(svg("g", { class: "more" }, svg("text", { x: centre, y: height - 8, "text-anchor": "middle" }, `${plural(hidden, "further property", "further properties")} below`)));
  const arrow = svg("marker", { id: "arrow", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { d: "M0 1 10 5 0 9z" }));
  return el("div", { class: "net card" }, svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Neighbours of ${entity.name}` }, svg("defs", {}, arrow), lines, marks));
}

function pill(label, x, y, half, way, branch) {
  const group = svg("g", { class: "pill", tabindex: 0, role: "link", "aria-label": `Facts: ${data.properties[branch.property]}` },
    svg("rect", { x: x - half, y: y - 12, width: 2 * half, height: 24, rx: 12 }), svg("text", { x, y: y + 4.5, "text-anchor": "middle" }, label), svg("title", {}, data.properties[branch.property]));
  const tip = x - way * (half + 10), foot = x - way * (half + 1);
  if (!branch.outward) group.append(svg("path", { class: "tip", d: `M${foot} ${y - 4.5}L${tip} ${y}L${foot} ${y + 4.5}z` }));
  onChoice(group, () => {
    const card = document.getElementById(groupId(branch));
    card?.scrollIntoView({ block: "start", behavior: "smooth" });
    const first = card?.querySelector("details");
    if (first) { first.open = true; first.firstChild.focus({ preventScroll: true }); }
  });
  return group;
}

function onChoice(element, act) {
  element.addEventListener("click", act);
  element.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } });
}

function node(entity, x, y, way) {
  const circle = svg("circle", { cx: x, cy: y, r: 6, fill: colour(entity.cls) });
  const label = svg("text", { x: x + way * 13, y: y + 4.8, "text-anchor": way < 0 ? "end" : "start" }, shortened(entity.name, 23));
  const group = svg("g", { class: "node", tabindex: 0, role: "link", "aria-label": entity.name }, circle, label, svg("title", {}, `${entity.name} (${data.classes[entity.cls]})`));
  onChoice(group, () => go(entity));
  return group;
}

// -- facts and their evidence

function statement(fact, from) {
  const other = fact.object ? (fact.subject === from ? fact.object : fact.subject) : null;
  if (other) return el("span", { class: "what" }, dot(other.cls), " ", entityLink(other));
  const [text, value] = fact.literal;
  return el("span", { class: "what" }, isolated(text, "value"), value !== text ? el("span", { class: "muted" }, " = ", isolated(value)) : null);
}

function rivalsOf(fact) {
  if (fact.status === "asserted") return [];
  const [oneObject, oneSubject, oneWay, isMutual] = data.clashing[fact.property];
  const isOfOneObject = (other) => (fact.object ? other.object === fact.object : !other.object && other.literal[1] === fact.literal[1]);
  const isOfOneSubject = (other) => other.subject === fact.subject || (isMutual && (other.object === fact.subject || other.subject === fact.object || other.object === fact.object));
  const isTurned = (other) => other.subject === fact.object && other.object === fact.subject;
  const rivals = facts.filter((other) => other !== fact && other.property === fact.property &&
    ((oneObject && isOfOneSubject(other)) || (oneSubject && isOfOneObject(other)) || (oneWay && isTurned(other))));
  return rivals.sort((a, b) => (b.status === "asserted") - (a.status === "asserted") || b.confidence - a.confidence);
}

function wording(fact) {
  return el("span", {}, isolated(fact.subject.name), " ", el("em", {}, data.properties[fact.property]), " ", isolated(fact.object ? fact.object.name : fact.literal[0]));
}

function quotation([place, start, end, from, to, extractor, judge, probability, statedOn]) {
  const [docPlace, , text] = data.passages[place], [title, uri, published] = data.documents[docPlace];
  const words = el("p", { dir: "auto" });
  const show = (all) => {
    const first = all ? 0 : Math.max(0, start - CONTEXT), last = all ? text.length : Math.min(text.length, end + CONTEXT);
    words.replaceChildren(el("span", { class: "context" }, (first > 0 ? "…" : "") + text.slice(first, start)), el("mark", {}, text.slice(start, end)), el("span", { class: "context" }, text.slice(end, last) + (last < text.length ? "…" : "")));
  };
  show(false);
  const wider = start > CONTEXT || text.length - end > CONTEXT;
  const seen = [
    el("span", { class: "doc" }, isolated(title || uri)), title && title !== uri ? isolated(uri) : null, el("span", {}, `characters ${number(from)}–${number(to)}`),
    el("span", {}, "extracted by ", isolated(extractor || "?")), el("span", {}, "judged by ", isolated(judge), ` (${probability.toFixed(2)})`),
    statedOn || published ? el("span", {}, "stated on ", isolated(statedOn || published)) : null,
    wider ? el("a", { href: location.hash, onclick: (event) => { event.preventDefault(); show(true); event.target.remove(); } }, "more context") : null,
  ];
  return el("blockquote", {}, words, el("footer", {}, ...seen));
}

function factBody(fact) {
  const body = el("div", { class: "body" }), rivals = rivalsOf(fact);
  if (rivals.length) {
    const told = fact.status === "superseded" ? "No longer holds; what the documents also say:" : "The documents disagree. The other side:";
    body.append(el("div", { class: "rivals" }, told, el("ul", {}, ...rivals.slice(0, 10).map((other) => el("li", {}, el("a", { href: "#" + other.id }, wording(other)), ` · ${other.confidence.toFixed(2)}, ${plural(other.evidenceCount, "source")}`)))));
  }
  if (fact.rule) body.append(el("p", { class: "notes" }, `Inferred by the rule “${fact.rule}” from facts that these words state:`));
  for (const [name, value] of fact.qualifiers) body.append(el("p", { class: "notes" }, isolated(name), ": ", isolated(value)));
  const shown = 3;
  body.append(...fact.evidence.slice(0, shown).map(quotation));
  if (fact.evidence.length > shown) {
    const more = el("button", { type: "button", onclick: () => more.replaceWith(...fact.evidence.slice(shown).map(quotation)) }, `Show ${number(fact.evidence.length - shown)} more`);
    body.append(more);
  }
  if (fact.evidenceCount > fact.evidence.length) body.append(el("p", { class: "notes" }, `${number(fact.evidenceCount - fact.evidence.length)} further pieces of evidence are in the graph but not in this page: kgbuild explain ${fact.id}`));
  body.append(el("p", { class: "notes" }, "link to this fact: ", el("a", { href: "#" + fact.id }, fact.id)));
  return body;
}

function factItem(fact, from, open) {
  const time = fact.from || fact.to ? el("span", { class: "badge" }, `${fact.from || "…"} – ${fact.to || "…"}`) : null;
  const item = el("details", { class: "fact", id: "fact-" + fact.id, open },
    el("summary", {}, statement(fact, from), time, fact.rule ? el("span", { class: "badge" }, "inferred") : null,
      fact.status !== "asserted" ? el("span", { class: "badge " + fact.status }, fact.status) : null,
      el("span", { class: "sure", title: "confidence" }, bar(fact.confidence), fact.confidence.toFixed(2)), el("span", { class: "sources" }, plural(fact.evidenceCount, "source"))));
  const fill = () => { if (item.open && item.children.length === 1) item.append(factBody(fact)); };
  item.addEventListener("toggle", fill);
  fill();
  return item;
}

function factGroup(entity, property, outward, group, focus) {
  const name = isolated(data.properties[property]);
  const heading = outward ? [name] : [el("span", { class: "muted" }, "…"), name, isolated(shortened(entity.name, 40), "muted")];
  const card = el("section", { class: "group card", id: groupId({ property, outward }) }, el("h3", {}, ...heading, el("span", { class: "count" }, plural(group.length, "fact"))));
  let shown = Math.max(FACTS_SHOWN, group.indexOf(focus) + 1);
  card.append(...group.slice(0, shown).map((fact) => factItem(fact, entity, fact === focus)));
  if (group.length > shown) {
    const more = el("button", { type: "button", onclick: () => {
      more.before(...group.slice(shown, shown + FACTS_SHOWN).map((fact) => factItem(fact, entity, false)));
      shown += FACTS_SHOWN;
      if (shown >= group.length) more.remove(); else more.textContent = `Show more of ${number(group.length)}`;
    } }, `Show more of ${number(group.length)}`);
    card.append(more);
  }
  return card;
}

// -- the two things the page can show

function showEntity(entity, focus) {
  current = entity;
  document.title = `${entity.name} · ${data.title}`;
  const wanted = propertyFilter.value === "" ? null : Number(propertyFilter.value);
  const wantedClass = classFilter.value === "" ? null : Number(classFilter.value);
  const chosen = entity.facts.filter((fact) => fact === focus || ((wanted === null || fact.property === wanted) &&
    (wantedClass === null || entity.cls === wantedClass || (fact.object && (fact.subject === entity ? fact.object : fact.subject).cls === wantedClass))));
  const groups = new Map();
  for (const fact of chosen) {
    const outward = fact.subject === entity, key = `${outward ? 0 : 1} ${data.properties[fact.property]} ${fact.property}`;
    if (!groups.has(key)) groups.set(key, { property: fact.property, outward, facts: [] });
    groups.get(key).facts.push(fact);
  }
  const about = el("div", { class: "about" }, el("span", { class: "chip" }, dot(entity.cls), isolated(data.classes[entity.cls])));
  if (entity.aliases.length) about.append(el("span", {}, "also ", ...entity.aliases.slice(0, 12).flatMap((alias, at) => [at ? ", " : "", isolated(alias)]), entity.aliases.length > 12 ? ` and ${entity.aliases.length - 12} more` : ""));
  about.append(el("code", {}, entity.id));
  const parts = [el("h1", {}, isolated(entity.name)), about];
  if (entity.description) parts.push(el("p", {}, isolated(entity.description)));
  const picture = drawing(entity, chosen);
  if (picture) parts.push(picture);
  const left = entity.facts.length - chosen.length;
  parts.push(el("h2", {}, plural(chosen.length, "fact"), left ? el("span", {}, ` · ${number(left)} hidden by the filters `, el("button", { type: "button", class: "link", onclick: clearFilters }, "show all")) : null));
  const order = [...groups.keys()].sort();
  for (const key of order) {
    const { property, outward, facts: group } = groups.get(key);
    group.sort((a, b) => b.confidence - a.confidence || (a.id < b.id ? -1 : 1));
    parts.push(factGroup(entity, property, outward, group, focus));
  }
  main.replaceChildren(...parts);
  main.scrollTop = 0;
  if (focus) document.getElementById("fact-" + focus.id)?.scrollIntoView({ block: "center" });
}

function tally(title, names, counts, choose) {
  const rows = names.map((name, at) => [name, counts[at] || 0, at]).sort((a, b) => b[1] - a[1]), most = Math.max(1, ...rows.map((row) => row[1]));
  return el("section", { class: "tile card" }, el("h2", {}, title), el("ul", {}, ...rows.slice(0, 15).map(([name, count, at]) =>
    el("li", {}, el("button", { type: "button", class: "link", title: name, onclick: () => choose(at) }, isolated(name)), bar(count / most), el("span", { class: "n" }, number(count))))),
  rows.length > 15 ? el("p", { class: "muted" }, `and ${number(rows.length - 15)} more in the filter on the left`) : null);
}

function showOverview(note) {
  current = null;
  document.title = data.title;
  const disputed = facts.filter((fact) => fact.status === "disputed").sort((a, b) => a.subject.place - b.subject.place || a.property - b.property || b.confidence - a.confidence);
  const tiles = el("div", { class: "tiles" },
    tally("Classes", data.classes, count(entities, (e) => e.cls), (at) => { classFilter.value = at; find(); search.focus(); }),
    tally("Properties", data.properties, count(facts, (f) => f.property), (at) => { propertyFilter.value = at; find(); search.focus(); }));
  const top = entities.slice(0, 15), most = Math.max(1, top[0]?.facts.length || 1);
  tiles.append(el("section", { class: "tile card" }, el("h2", {}, "Best connected"), el("ul", {}, ...top.map((e) =>
    el("li", {}, el("span", {}, dot(e.cls), " ", entityLink(e)), bar(e.facts.length / most), el("span", { class: "n" }, number(e.facts.length)))))));
  const parts = [el("h1", {}, isolated(data.title)), el("p", { class: "lead" }, note || "Choose an entity to see its neighbours, then open a fact to read the words that state it."), tiles];
  if (disputed.length) {
    const card = el("section", { class: "group card" });
    card.append(...disputed.slice(0, 20).map((fact) => el("div", { class: "fact line" }, el("a", { href: "#" + fact.id }, wording(fact)), el("span", { class: "sure", title: "confidence" }, bar(fact.confidence), fact.confidence.toFixed(2)), el("span", { class: "sources" }, plural(fact.evidenceCount, "source")))));
    parts.push(el("h2", {}, `${plural(disputed.length, "fact")} on which the documents disagree`), card);
    if (disputed.length > 20) card.append(el("div", { class: "fact line muted" }, `and ${number(disputed.length - 20)} more`));
  }
  main.replaceChildren(...parts);
  main.scrollTop = 0;
}

function count(items, key) {
  const counts = [];
  for (const item of items) counts[key(item)] = (counts[key(item)] || 0) + 1;
  return counts;
}

function show() {
  const id = location.hash.slice(1), target = byId.get(id);
  if (!target) showOverview(id ? `This page holds nothing called ${shortened(id, 60)}.` : "");
  else if (target.subject) showEntity(target.subject, target);
  else showEntity(target, null);
  list();
}

function clearFilters() {
  classFilter.value = propertyFilter.value = "";
  find();
  show();
}

// -- starting

function options(select, all, names) {
  select.append(el("option", { value: "" }, all), ...names.map((name, at) => [name, at]).sort((a, b) => a[0].localeCompare(b[0])).map(([name, at]) => el("option", { value: String(at) }, shortened(name, 60))));
  select.addEventListener("change", () => { find(); if (current) show(); });
}

options(classFilter, "all", data.classes);
options(propertyFilter, "all", data.properties);
search.addEventListener("input", find);
search.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); activate(active + (event.key === "ArrowDown" ? 1 : -1)); }
  else if (event.key === "Enter" && found[active]) { event.preventDefault(); go(found[active]); }
  else if (event.key === "Escape") { search.value = ""; find(); }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); search.focus(); search.select(); }
});
$("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
window.addEventListener("hashchange", show);

document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });

const [shownEntities, ofEntities, shownFacts, ofFacts] = data.shown;
$("title").textContent = data.title;
$("counts").textContent = `${plural(ofEntities, "entity", "entities")} · ${plural(ofFacts, "fact")} · ${plural(data.document_count, "document")} · generation ${data.generation}`;
if (shownEntities < ofEntities || shownFacts < ofFacts) {
  $("cap").hidden = false;
  $("cap").textContent = `This page holds the ${number(shownEntities)} best connected of ${plural(ofEntities, "entity", "entities")} and ${number(shownFacts)} of ${plural(ofFacts, "fact")} among them. Nothing is lost: “kgbuild query” and “kgbuild export” reach the rest.`;
}
find();
show();

// The chat page. What other people wrote is only ever put into the page as text.
'use strict';

const $ = id => document.getElementById(id);

const maxLines = 500;           // kept in the log
const longestPause = 10_000;    // ms between attempts to connect

let socket = null;
let attempts = 0;
let me = '';                    // own client id
let wanted = null;              // {name, room} to be in, also after a reconnect
let entered = false;            // the room's list has arrived
let to = '';                    // client id that messages go to; '' is all in the room
const people = new Map();       // client id -> name, in order of joining
const gone = new Set();         // who left before the list came that may still name them

// ---- connection

function gatewayURL() {
  const {host, port, secure} = document.body.dataset;
  const scheme = secure === 'true' || location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${host || location.hostname}:${port}/`;
}

function connect() {
  socket = new WebSocket(gatewayURL());
  socket.onmessage = event => receive(JSON.parse(event.data));
  socket.onclose = () => {
    showStatus(false, say(attempts === 0 ? 'connection lost …' : 'cannot reach the gateway; trying again …'));
    entered = false;
    forgetRoom();
    setTimeout(connect, Math.min(500 * 2 ** attempts++, longestPause));
  };
}

function send(message) {
  if (socket.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(message));
  return true;
}

const handlers = {
  welcome(m) {
    attempts = 0;
    me = m.client_id;
    $('rooms').replaceChildren(...m.rooms.map(room => element('option', {value: room})));
    showStatus(true, say('connected'));
    if (wanted) send({type: 'login', ...wanted});
  },
  room(m) {
    people.clear();
    for (const p of m.members) {
      if (!gone.has(p.client_id)) people.set(p.client_id, p.name);
    }
    gone.clear();
    entered = true;
    showRoom(m.room);
  },
  joined(m) {
    if (!entered || people.has(m.client_id)) return; // who joins before the list comes is on it
    people.set(m.client_id, m.name);
    showPeople();
    addNews(say('{0} came in', m.name));
  },
  left(m) {
    if (!entered) gone.add(m.client_id);
    if (!people.delete(m.client_id)) return;
    if (to === m.client_id) writeTo('');
    showPeople();
    addNews(say('{0} left', m.name));
  },
  say: addMessage,
  error(m) {
    if (entered) {
      addNews(say(m.text), 'alert');
    } else {
      showEntrance();
      $('complaint').textContent = say(m.text);
    }
  },
};

function receive(m) {
  if (!wanted && m.type !== 'welcome') return; // late news of a room that was left
  if (Object.hasOwn(handlers, m.type)) handlers[m.type](m);
}

// ---- what is shown

function element(tag, properties = {}, ...children) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
}

function hue(id) {
  let h = 0;
  for (const c of id) h = (h * 31 + c.charCodeAt(0)) % 360;
  return (h * 137) % 360; // neighbours get different colours
}

function showStatus(online, text) {
  $('status').textContent = text;
  $('status').classList.toggle('online', online);
  $('enter').disabled = $('send').disabled = !online;
}

function showRoom(room) {
  $('complaint').textContent = '';
  $('entrance').hidden = true;
  $('chat').hidden = $('leave').hidden = false;
  $('room-name').textContent = room;
  document.title = `${room} – ${say('GatewayWorker chat')}`;
  showPeople();
  addNews(say('You are in {0} as {1}', room, wanted.name));
  writeTo('');
}

function showEntrance() {
  wanted = null;
  entered = false;
  $('entrance').hidden = false;
  $('chat').hidden = $('leave').hidden = true;
  $('room-name').textContent = say('chat');
  document.title = say('GatewayWorker chat');
  $('log').replaceChildren();
  $('room').select();
  $('room').focus();
}

function forgetRoom() {
  people.clear();
  gone.clear();
  writeTo('', false);
  showPeople();
}

function showPeople() {
  const items = [];
  for (const [id, name] of people) {
    const badge = element('span', {className: 'badge', ariaHidden: 'true', textContent: [...name][0].toUpperCase()});
    badge.style.setProperty('--hue', hue(id));
    const button = element('button', {type: 'button', disabled: id === me}, badge, element('span', {className: 'name', textContent: name}));
    if (id === me) button.append(element('span', {className: 'you', textContent: say('(you)')}));
    else button.setAttribute('aria-pressed', String(id === to));
    button.dataset.client = id;
    button.onclick = () => writeTo(id === to ? '' : id);
    items.push(element('li', {}, button));
  }
  $('people').replaceChildren(...items);
  $('count').textContent = people.size || '';
}

function writeTo(id, focus = true) {
  to = id;
  $('private').hidden = !id;
  $('private-name').textContent = people.get(id) ?? '';
  $('text').placeholder = say(id ? 'Private message' : 'Message to all');
  for (const b of $('people').querySelectorAll('button[aria-pressed]')) {
    b.setAttribute('aria-pressed', String(b.dataset.client === id));
  }
  if (focus) $('text').focus();
}

function addLine(line) {
  const log = $('log');
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  log.append(line);
  while (log.childElementCount > maxLines) log.firstChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function addNews(text, kind = '') {
  addLine(element('li', {className: `news ${kind}`, textContent: text}));
}

function addMessage(m) {
  const mine = m.client_id === me;
  const who = element('span', {className: 'who', textContent: mine ? say('You') : m.name});
  who.style.setProperty('--name', `light-dark(hsl(${hue(m.client_id)} 60% 30%), hsl(${hue(m.client_id)} 60% 72%))`);
  const head = element('div', {className: 'head'}, who);
  if (m.to) {
    head.append(element('span', {className: 'note', textContent: mine ? say('only to {0}', m.to_name) : say('only to you')}));
  }
  head.append(element('time', {textContent: new Date().toLocaleTimeString(document.documentElement.lang, {hour: '2-digit', minute: '2-digit'})}));
  const line = element('li', {}, head, element('p', {className: 'body', dir: 'auto', textContent: m.text}));
  line.classList.toggle('mine', mine);
  line.classList.toggle('private', Boolean(m.to));
  addLine(line);
}

// ---- what people do

$('login').onsubmit = event => {
  event.preventDefault();
  $('complaint').textContent = '';
  wanted = {name: $('name').value.trim(), room: $('room').value.trim()};
  send({type: 'login', ...wanted});
};

$('composer').onsubmit = event => {
  event.preventDefault();
  const text = $('text').value.trim();
  if (text && send(to ? {type: 'say', text, to} : {type: 'say', text})) $('text').value = '';
};

$('to-all').onclick = () => writeTo('');
$('leave').onclick = () => {
  send({type: 'leave'});
  forgetRoom();
  showEntrance();
};

connect();

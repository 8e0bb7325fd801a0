// The words of the page, in the language that the browser prefers: English is
// in the page and the script, other languages are here.
'use strict';

const translations = {
  zh: {
    lang: 'zh-CN',
    'GatewayWorker chat': 'GatewayWorker 聊天室',
    'chat': '聊天室',
    'connecting …': '连接中…',
    'connected': '已连接',
    'connection lost …': '连接已断开…',
    'cannot reach the gateway; trying again …': '连不上 Gateway，正在重试…',
    'Change room': '换个房间',
    'Come in': '进入聊天室',
    'Open this page in a second tab and talk to yourself.': '再开一个标签页，就能自己和自己聊天。',
    'Your name': '昵称',
    'Room': '房间',
    'Lobby': '大厅',
    'Enter': '进入',
    'Messages': '消息',
    'Message': '消息',
    'Only to': '只发给',
    'Talk to all': '改为群聊',
    'Message to all': '发给所有人',
    'Private message': '私聊消息',
    'Send': '发送',
    'Here now': '在线',
    'Choose a name to write to that person alone.': '点击名字可以私聊。',
    'This page needs JavaScript.': '本页需要启用 JavaScript。',
    'You': '我',
    '(you)': '（我）',
    'only to you': '私聊',
    'only to {0}': '私聊 {0}',
    '{0} came in': '{0} 进来了',
    '{0} left': '{0} 离开了',
    'You are in {0} as {1}': '你以“{1}”的身份进入了 {0}',
    // what the worker answers
    'This is not a message.': '消息格式不对。',
    'A name has 1 to 24 characters, a room 1 to 32.': '昵称 1 到 24 个字，房间名 1 到 32 个字。',
    'Enter a room first.': '请先进入一个房间。',
    'A message has 1 to 2000 characters.': '消息 1 到 2000 个字。',
    'Nobody has this client id.': '没有这个 client_id。',
    'Nobody here has this client id; perhaps they just left.': '这个人不在这里，可能刚刚离开。',
  },
};

const words = (() => {
  for (const language of navigator.languages ?? [navigator.language]) {
    const name = language.toLowerCase().split('-')[0];
    if (name === 'en') break;
    if (Object.hasOwn(translations, name)) return translations[name];
  }
  return {};
})();

// say returns an English text in the language of the page, with its gaps filled.
function say(english, ...gaps) {
  const text = Object.hasOwn(words, english) ? words[english] : english;
  return text.replace(/\{(\d)\}/g, (_, i) => gaps[i]);
}

// What has data-say shows its own text, or those of the attributes that are
// named there, in the language of the page.
function translatePage() {
  if (words.lang) document.documentElement.lang = words.lang;
  document.title = say(document.title);
  for (const e of document.querySelectorAll('[data-say]')) {
    for (const name of e.dataset.say.split(' ')) {
      if (name) e.setAttribute(name, say(e.getAttribute(name)));
      else e.textContent = say(e.textContent);
    }
  }
}

translatePage();

// Words of the page in English and Chinese. {0} is a place for a value.

const words = {
  en: {
    now: "Now", gateway: "Gateway", allGateways: "All gateways",
    ready: "ready", notReady: "not ready", lost: "no connection", waiting: "connecting …",
    notReadyBanner: "{0} is not ready for new clients: {1}", lostBanner: "The process does not answer. What you see is from {0}.",
    clients: "Clients", messagesIn: "Messages in", messagesOut: "Messages out", bytesIn: "Bytes in", bytesOut: "Bytes out",
    dropped: "Dropped", latency: "Inner loop, p99", backlog: "Worker backlog", perSecond: "/s",
    connectsNote: "{0} connects/s · {1} uids · {2} groups", totalNote: "{0} in all", droppedNote: "clients {0} · workers {1}",
    latencyNote: "half within {0}", latencyIdle: "nothing to do", backlogNote: "{0} workers", memoryNote: "memory {0}",
    messagesPerSecond: "Messages per second", bytesPerSecond: "Bytes per second", in: "in", out: "out", minutesAgo: "{0} min ago", nowLabel: "now",
    workers: "Workers", worker: "Worker", bound: "Clients", waitingBytes: "Backlog", droppedMessages: "Dropped", since: "Connected",
    noWorkers: "No business worker is connected: clients are refused until one is.", noGateways: "This process has no gateway.",
    cluster: "Cluster", register: "Register", ownRegister: "Register of this process", announced: "announced", notAnnounced: "not announced",
    inner: "Inner address", listen: "Clients connect to", gatewaysAndWorkers: "{0} gateways, {1} workers",
    endings: "Why clients are gone", noEndings: "No client is gone yet.",
    reason_client: "left", reason_command: "kicked", reason_bad_data: "bad data", reason_compression: "compressed", reason_silent: "silent",
    reason_no_worker: "no worker", reason_handshake_failed: "handshake failed", reason_handshake_timeout: "handshake too slow", reason_shutdown: "gateway stopped", reason_limit: "a limit", reason_connect_hook: "connect hook",
    lockTitle: "Clients, sessions, groups, the log", lockHint: "These name your users. Enter the token of --admin-token to see them.",
    lockNone: "These name your users. The process was started without a token: give it one with --admin-token-file.",
    token: "Token", open: "Open", badToken: "This is not the token.", close: "Close", lock: "Lock", locked: "Locked",
    findHint: "Client id, uid, address or group", find: "Find", show: "Show", all: "All", slow: "Slow", pages: "Pages",
    client: "Client", uid: "Uid", groups: "Groups", address: "Address", session: "Session", noClients: "No client matches.",
    rows: "{0}–{1} of {2}", groupFilter: "Group {0} ✕", uidFilter: "Uid {0} ✕", workerFilter: "Worker {0} ✕",
    groupsBySize: "Groups by size", noGroups: "There are no groups.", slowClients: "Slow clients", noSlow: "Nothing waits for any client.",
    lastErrors: "Last warnings and errors", noErrors: "Nothing to complain about.",
    handshake: "in its handshake", noSession: "empty", binarySession: "This session is not text. In PHP's serialization, as base64:",
    message: "Message", to: "To", send: "Send", kick: "Kick", kickSure: "Kick for good?", toClient: "to this client", toUid: "to uid {0}", toGroup: "to group {0}",
    thisProcess: "This process", reload: "Reload the configuration", reloadSure: "Reload it now?", cancel: "Cancel",
    reloadChanged: "Changed:", reloadCertificates: "Certificates read again:", reloadRestart: "Needs a restart:", reloadNothing: "Nothing has changed.",
    drain: "Send clients away …", drainTitle: "Send {0} clients away?", drainSure: "Send away", drainSeconds: "Over how many seconds", asConfigured: "as configured",
    drainHint: "They are closed evenly over the time, those without uid, session and group first. The process is not ready for new clients from the first moment until it is stopped.",
    drainRefuse: "Refuse new clients from now on", drainStop: "Stop the process afterwards",
    draining: "Clients are being sent away: {0} of {1} left, at most {2}.", drained: "Clients were sent away; {0} are connected. The process is not ready until it is started again.",
    sent: "Sent to {0}.", kicked: "Kicked.", gone: "This client is gone.", theme: "Theme: {0}", auto: "system", light: "light", dark: "dark", language: "中文",
    uptime: "up {0}", days: "{0} d {1} h", hours: "{0} h {1} min", minutes: "{0} min", seconds: "{0} s", ago: "{0} ago", more: "and {0} more",
  },
  zh: {
    now: "当前", gateway: "Gateway", allGateways: "全部 Gateway",
    ready: "就绪", notReady: "未就绪", lost: "连接中断", waiting: "连接中 …",
    notReadyBanner: "{0} 暂时不能接受新客户端：{1}", lostBanner: "进程没有应答，以下是 {0} 的数据。",
    clients: "客户端", messagesIn: "收到消息", messagesOut: "发出消息", bytesIn: "收到流量", bytesOut: "发出流量",
    dropped: "丢弃消息", latency: "内部循环 p99", backlog: "worker 积压", perSecond: "/秒",
    connectsNote: "新连接 {0}/秒 · uid {1} · 分组 {2}", totalNote: "累计 {0}", droppedNote: "客户端 {0} · worker {1}",
    latencyNote: "半数不超过 {0}", latencyIdle: "空闲", backlogNote: "{0} 个 worker", memoryNote: "内存 {0}",
    messagesPerSecond: "每秒消息数", bytesPerSecond: "每秒字节数", in: "收到", out: "发出", minutesAgo: "{0} 分钟前", nowLabel: "现在",
    workers: "Worker", worker: "Worker", bound: "客户端", waitingBytes: "积压", droppedMessages: "丢弃", since: "连接时间",
    noWorkers: "没有 BusinessWorker 连接，在此之前客户端会被拒绝。", noGateways: "本进程没有 Gateway。",
    cluster: "集群", register: "Register", ownRegister: "本进程的 Register", announced: "已注册", notAnnounced: "未注册",
    inner: "内部地址", listen: "客户端地址", gatewaysAndWorkers: "{0} 个 Gateway，{1} 个 worker",
    endings: "客户端断开原因", noEndings: "还没有客户端断开。",
    reason_client: "客户端断开", reason_command: "被踢出", reason_bad_data: "数据错误", reason_compression: "压缩消息", reason_silent: "心跳超时",
    reason_no_worker: "没有 worker", reason_handshake_failed: "握手失败", reason_handshake_timeout: "握手超时", reason_shutdown: "Gateway 停止", reason_limit: "超出限制", reason_connect_hook: "被连接钩子拒绝",
    lockTitle: "客户端、session、分组、日志", lockHint: "这些内容涉及具体用户。请输入 --admin-token 设置的令牌。",
    lockNone: "这些内容涉及具体用户。进程启动时没有设置令牌，请用 --admin-token-file 设置。",
    token: "令牌", open: "打开", badToken: "令牌不正确。", close: "关闭", lock: "锁定", locked: "已锁定",
    findHint: "client id、uid、地址或分组", find: "查找", show: "显示", all: "全部", slow: "积压", pages: "翻页",
    client: "客户端", uid: "uid", groups: "分组", address: "地址", session: "Session", noClients: "没有匹配的客户端。",
    rows: "{0}–{1} / 共 {2}", groupFilter: "分组 {0} ✕", uidFilter: "uid {0} ✕", workerFilter: "worker {0} ✕",
    groupsBySize: "分组（按大小）", noGroups: "还没有分组。", slowClients: "积压的客户端", noSlow: "没有客户端积压数据。",
    lastErrors: "最近的警告和错误", noErrors: "一切正常。",
    handshake: "握手中", noSession: "空", binarySession: "session 不是文本，以下是 PHP 序列化数据的 base64：",
    message: "消息内容", to: "发送给", send: "发送", kick: "踢出", kickSure: "确认踢出？", toClient: "发给此客户端", toUid: "发给 uid {0}", toGroup: "发给分组 {0}",
    thisProcess: "本进程", reload: "重新读取配置", reloadSure: "确认重新读取？", cancel: "取消",
    reloadChanged: "已生效：", reloadCertificates: "重新读取的证书：", reloadRestart: "需要重启：", reloadNothing: "没有变化。",
    drain: "逐步断开客户端 …", drainTitle: "断开 {0} 个客户端？", drainSure: "开始断开", drainSeconds: "在多少秒内", asConfigured: "按配置",
    drainHint: "在这段时间内均匀地断开，没有 uid、session 和分组的先断开。进程立即变为未就绪，直到停止为止。",
    drainRefuse: "从现在起拒绝新客户端", drainStop: "之后停止进程",
    draining: "正在断开客户端：还剩 {0} / {1}，最多 {2}。", drained: "客户端已断开，现有 {0} 个连接。重新启动之前进程保持未就绪。",
    sent: "已发送给 {0} 个客户端。", kicked: "已踢出。", gone: "该客户端已断开。", theme: "主题：{0}", auto: "跟随系统", light: "浅色", dark: "深色", language: "English",
    uptime: "已运行 {0}", days: "{0} 天 {1} 小时", hours: "{0} 小时 {1} 分", minutes: "{0} 分钟", seconds: "{0} 秒", ago: "{0}前", more: "还有 {0} 个",
  },
};

let language = localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en");
if (!words[language]) language = "en";

export const lang = () => language;

export function setLanguage(to) {
  language = to;
  localStorage.setItem("language", to);
}

// t returns the words of a key.
export function t(key, ...values) {
  const text = words[language][key] ?? key;
  return text.replace(/\{(\d)\}/g, (_, i) => values[i]);
}

// has says whether there are words of a key.
export const has = key => key in words[language];

// reasonText is what a gateway's reason for not being ready is called here.
export const drainingReason = "clients are being sent away";
const reasons = {
  [drainingReason]: "正在断开客户端",
  "no business worker is connected": "没有 BusinessWorker 连接",
  "the gateway is not announced at any Register": "未在任何 Register 注册",
  "the gateway does not serve": "Gateway 没有在服务",
};
export const reasonText = text => language === "zh" ? reasons[text] ?? text : text;

// translate fills the texts of the document's static elements.
export function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const e of document.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t);
  for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", t(e.dataset.label));
  for (const e of document.querySelectorAll("[data-placeholder]")) e.placeholder = t(e.dataset.placeholder);
}

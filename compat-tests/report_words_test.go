package compattests

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
)

// reportWords are what the report says in a language.
type reportWords struct {
	folder    string // of the module
	head      string // up to the first rows
	section3x string
	texts     func(difference) chinese // of a difference
	labels    [5]string                // of its lines
	words     map[string]string        // English: the word, where it is another
}

func (w *reportWords) word(english string) string { return cmp.Or(w.words[english], english) }

// difference writes the entry of one.
func (w *reportWords) difference(b *strings.Builder, d difference) {
	text := w.texts(d)
	fmt.Fprintf(b, "#### %s\n\n- %s%s\n- %s%s\n- %s%s\n", d.ID, w.labels[0], text.PHP, w.labels[1], text.Ours, w.labels[2], text.Reason)
	if len(d.Scenarios) > 0 {
		fmt.Fprintf(b, "- %s`%s`\n", w.labels[3], strings.Join(d.Scenarios, "`, `"))
	}
	if len(d.Tests) > 0 {
		fmt.Fprintf(b, "- %s`%s`\n", w.labels[4], strings.Join(d.Tests, "`, `"))
	}
}

var englishReport = reportWords{
	folder: "docs",
	head: "# Compatibility\n\n([中文](zh-CN/compatibility.md))\n\nGenerated from `compat-tests` by `go test ./compat-tests -update`; do not edit.\n\n" +
		"Each scenario is a conversation recorded from the PHP originals. \"Equal\" means that this project's programs say the same, byte for byte\n" +
		"(ports, addresses and client ids are replaced by names). Deliberate differences are listed below with their reasons.\n\n" +
		"## Behaviour\n\n| | scenarios | equal | deliberate difference |\n|---|---|---|---|\n",
	section3x: section3x,
	texts:     func(d difference) chinese { return chinese{d.PHP, d.Ours, d.Reason} },
	labels:    [5]string{"PHP: ", "Here: ", "Why: ", "Scenarios: ", "Tests: "},
}

var chineseReport = reportWords{
	folder: filepath.Join("docs", "zh-CN"),
	head: "# 兼容性\n\n（[English](../compatibility.md)）\n\n本页由 `go test ./compat-tests -update` 根据 `compat-tests` 生成，请勿手工修改。\n\n" +
		"每个场景都是一段从 PHP 原版录下来的通讯过程。“一致”表示本项目的程序收发的内容逐字节相同\n" +
		"（端口、地址、client_id 以名称代替）。有意与原版不同的地方，连同理由列在下面。\n\n" +
		"## 行为\n\n| | 场景 | 一致 | 有意的不同 |\n|---|---|---|---|\n",
	section3x: section3xChinese,
	texts: func(d difference) chinese {
		if d.ZH == nil {
			return chinese{d.PHP, d.Ours, d.Reason}
		}
		return *d.ZH
	},
	labels: [5]string{"PHP：", "本项目：", "理由：", "场景：", "测试："},
	words: map[string]string{
		"All": "合计", "Commands": "命令", "command": "命令", "method": "方法",
		"scenarios that are equal": "一致的场景", "with a deliberate difference": "有意不同的场景",
		"Methods of `GatewayClient\\Gateway` and `Lib\\Gateway`": "`GatewayClient\\Gateway` 和 `Lib\\Gateway` 的方法",
		"Deliberate differences":                                 "有意的不同", "Gateway": "Gateway", "Register": "Register", "Worker and client": "BusinessWorker 和 GatewayClient",
		"Inner port: frames": "内部通讯端口：数据包", "Inner port: secret key and authorisation": "内部通讯端口：secretKey 与认证",
		"Uids": "uid", "Groups": "分组", "Session": "session", "Sessions": "session", "Select": "select", "Sending": "发送",
		"Closing, kicking, destroying": "关闭、踢出、销毁连接", "Workers: binding, conflicts, least connections": "worker：分配、冲突、最少连接",
		"WebSocket: handshake and its event": "websocket：握手及其事件", "WebSocket: frames": "websocket：帧",
		"Text protocol": "text 协议", "Frame protocol": "frame 协议", "Tcp protocol": "tcp 协议",
		"Text over TLS": "text 协议（TLS）", "Frame over TLS": "frame 协议（TLS）", "Tcp over TLS": "tcp 协议（TLS）",
		"WebSocket over TLS, client certificates": "websocket（TLS）、客户端证书", "Heartbeats": "心跳", "Send buffers": "发送缓冲区",
		"What kills a PHP gateway": "会让 PHP gateway 进程退出的数据", "Gateways at the Register": "gateway 注册到 Register",
		"`gatewayclient`: the results of PHP's libraries": "`gatewayclient`：与 PHP 库的返回结果对比",
		"PHP libraries outside of workers":                "worker 之外的 PHP 库", "PHP BusinessWorker": "PHP BusinessWorker",
	},
}

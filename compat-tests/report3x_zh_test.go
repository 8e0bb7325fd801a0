package compattests

// section3xChinese is section3x for docs/zh-CN.
const section3xChinese = "## GatewayWorker 3.x\n" + `
GatewayWorker 3.0.16（2020 年）以来的 PHP worker 和 GatewayClient，在这里与 4.0 的一样能用：它们发出的、收到的都逐字节相同，只有一个例外：onWebSocketConnect 的数据。

**取决于原来的 PHP gateway 跑在哪个 Workerman 上。** 用 ` + "`composer show workerman/workerman`" + ` 查看：

| Workerman | 可搭配的 GatewayWorker | 设置 |
|---|---|---|
| 5 | 3.1.2 到 3.1.4、4.0（更早的加载不了） | 不用设置 |
| 4 | 3.0.16 到 3.1.1、3.1.5 到 3.1.18、4.0 | ` + "`--handshake-data 3`，Go 里是 `HandshakeData: gateway.HandshakeData3`" + ` |
| 3.5 | 3.0.16 到 3.0.22 | 同上 |

### 区别

从 Workerman 4.2.1 上的 3.0.28 和 3.1.18 录了 RECORDED 段与握手有关的通讯过程，两个版本完全相同；加上 ` + "`--handshake-data 3`" + ` 后，本项目在全部场景里都与它们一致。
Workerman 5.2.2 上的 3.1.2 和 3.1.4 对应默认值。事件的数据另外还与 Workerman 3.5.35、4.2.1 对比了 5,153 个请求头，与 3.5.0 到 4.1.17 之间的九个版本对比了 173 个，结果全部相同。

| | ` + "Workerman 5（`4`，默认） | Workerman 3.5 和 4（`3`）" + ` |
|---|---|---|
| ` + "`Cookie: a=b%20c` | `b%20c` | `b c`：名和值都做 url 解码，`+` 是空格" + ` |
| ` + "`Cookie: a=1;b=2` | 两个 cookie | 一个：只认 `; `（和 `&`）作分隔；`a[]=1` 会变成数组" + ` |
| 两个 Cookie 头 | 用逗号连起来 | 以最后一个为准 |
| ` + "`server` 的顺序 | QUERY_STRING、REQUEST_METHOD、REQUEST_URI、SERVER_PROTOCOL、SERVER_NAME、CONTENT_TYPE、REMOTE_ADDR、REMOTE_PORT、SERVER_PORT、`HTTP_*` | REQUEST_METHOD、REQUEST_URI、SERVER_PROTOCOL、`HTTP_*`（SERVER_NAME 和 SERVER_PORT 排在 HTTP_HOST 后面）、QUERY_STRING" + ` |
| SERVER_NAME | Host，带端口；没有 Host 时为 null | Host 第一个冒号之前的部分；没有 Host 时不存在 |
| SERVER_PORT | gateway 监听的端口，整数 | Host 里的端口，字符串；Host 没带端口时不存在 |
| REMOTE_ADDR、REMOTE_PORT、CONTENT_TYPE | 有 | 没有 |
| SERVER_PROTOCOL、REQUEST_URI | ` + "取 `HTTP/` 之后的部分，没有则为 `HTTP/1.0`；没有路径则为 `/`" + ` | 原样取请求行的第三个和第二个词；没有则为 null |
| 同名的 header | 用逗号连起来 | 以最后一个为准 |
| 没有冒号的 header 行 | 忽略 | 值为空 |
| Sec-WebSocket-Version | 必须是 13，否则 400 或 426 | 不要求 |
| 101 响应 | ` + "`Switching Protocol` | `Switching Protocols`，并带 `Server: workerman/4.2.1`" + ` |
| 拒绝请求 | ` + "`HTTP/1.1 400` | `HTTP/1.0 400`，带 `Server: workerman`" + ` |

发给客户端的响应以 Workerman 4.2.1 为准。其他版本在 ` + "`Server`" + ` 里写的是自己的版本号；4.1.16 之前的版本（4.0.47 除外）拒绝请求时用的是别的文字，状态码多为 200；4.1.5 之前的版本还会应答 Flash 的 policy 文件请求。

### 为什么不能自动识别

gateway 无从知道 worker 要的是哪一种。在覆盖了全部调用的 67 段通讯过程里，Workerman 4.2.1 上的 3.1.18 与 Workerman 5 上的 4.0，worker 和库发出的字节完全相同。
从 3.0.16 到 4.0 的七个版本，连接时的问候、发给 Register 的数据以及它们的 ping，对比了 56 秒：字节序列只有一种，相关代码也从未改过。
（3.0.26 之前的库每次查询都新建连接，可是新版本关掉 ` + "`$persistentConnection`" + ` 也是如此；而且由此看出的也只是库的版本，不是 worker 原来那个 gateway 的版本。）

所以必须手工设置。没有设置时，一旦遇到两者解析结果不同的 cookie，gateway 的日志就会提示；用 ` + "`--handshake-data 4`" + ` 明确选择默认值，提示就不再出现。` + "`gatewayworker status`" + ` 走的是内部通讯协议，没有对应的查询。

### 3.x 的 worker 和 GatewayClient

这 67 段通讯过程，都用下列版本的 worker 和库在本项目的 Register 和 gateway 上跑过，` + "`TestActors3x`" + ` 可以重复：

| GatewayWorker | Workerman | GatewayClient | |
|---|---|---|---|
| 3.1.18 | 4.2.1 | 3.1.1 | 与 4.0 逐字节相同 |
| 3.0.28 | 4.2.1 | 3.0.17 | 逐字节相同；库里没有 ` + "`batchGetClientIdCountByGroup`" + ` |
| 3.0.23 | 4.0.47 | 3.0.14 | 数据包相同，但用的连接更多；没有批量接口，` + "`sendToUid`" + ` 不支持 raw |
| 3.0.22 | 3.5.35 | 3.0.13 | 同上 |
| 3.0.16 | 3.5.35、4.0.0 | 3.0.13 | 同上；完全不支持 raw |

workerman-chat，以及 Register、gateway、worker、GatewayClient 各为 PHP 或 Go 的混合集群，也都用 3.1.18 跑过；聊天还用 3.0.28 和 3.0.16 跑过。

### PHP 3.x 的 gateway 与本项目的其他区别

除握手之外，本项目的行为与 Workerman 5 上的 4.0 一致。其余场景用 Workerman 4.2.1 上的 3.1.18 跑过：
另外 620 段通讯过程中，加上 ` + "`--handshake-data 3`" + ` 后有 573 段一致，23 段属于[有意的不同](#有意的不同)，还有 24 段是向 websocket 客户端发送数组或 null，那个版本的 gateway 会因此退出。
（没有包括：会让 gateway 退出的数据、` + "`gatewayclient`" + `，以及 Workerman 4 会卡住的裸 tcp 加 TLS 和客户端证书。）

| PHP | 本项目 |
|---|---|
| Workerman 4：向 websocket 客户端发送数组或 null，gateway 进程退出 | 以 JSON 发送，与 Workerman 5 相同 |
| Workerman 4：Register 发来的数据、损坏的 deflate 数据不会让进程退出 | 这里也不会 |
| Workerman 4：text、frame、tcp 协议下的 null 和数字按文本发送 | 拒绝，见 [body-no-text](#body-no-text) |
| 3.1.18 之前：拒绝同名的第二个 worker | 新的取代旧的 |
| 3.1.3 之前：客户端随机分配给 worker | 分配给客户端最少的 worker；可用 ` + "`--router random`" + ` |
| 3.1.17 之前：不认识命令 16 和 28（批量查询） | 正常应答 |
`

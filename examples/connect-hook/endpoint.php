<?php
// Who may come in, and who is it to workers? The gateway asks here before a websocket is opened:
//
//   php -S 127.0.0.1:8000 endpoint.php
//   gatewayworker start --connect-hook http://127.0.0.1:8000/
//
// and in a browser: new WebSocket('ws://127.0.0.1:8282/?token=7f3a', ['chat'])

$asked = json_decode(file_get_contents('php://input'), true);
$users = ['7f3a' => ['uid' => 42, 'name' => 'Ann']]; // in place of a database
$token = $asked['get']['token'] ?? '';
$user = is_string($token) ? $users[$token] ?? null : null;
if (!$user) {
    http_response_code(403);
    exit('who are you?');
}
header('Content-Type: application/json');
echo json_encode([
    'protocol' => in_array('chat', $asked['protocols']) ? 'chat' : null,
    'uid' => $user['uid'],
    'groups' => ['everybody'],
    'session' => ['name' => $user['name'], 'ip' => $asked['remote_addr']],
]);

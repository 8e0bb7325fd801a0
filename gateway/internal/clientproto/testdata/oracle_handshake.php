<?php
// What the original makes of a websocket request: reads request heads from
// standard input, each behind 4 bytes of length, and answers each with the
// serialized body of ON_WEBSOCKET_CONNECT, again behind 4 bytes of length.
// An empty request is answered by parse_url's query of what follows in the
// next one.
require getenv('GATEWAYWORKER_PHP_AUTOLOAD');

final class CapturingGateway extends GatewayWorker\Gateway
{
    public array $captured = [];

    protected function sendToWorker($cmd, $connection, $body = '')
    {
        $this->captured = $body;
        return true;
    }
}

final class FakeConnection
{
    public function getRemoteIp(): string { return '192.0.2.7'; }
    public function getRemotePort(): int { return 54321; }
    public function getLocalPort(): int { return 8282; }
}

function readBlock(): ?string
{
    $head = fread(STDIN, 4);
    if ($head === '' || $head === false) {
        return null;
    }
    $left = unpack('N', $head)[1];
    $block = '';
    while ($left > 0) {
        $part = fread(STDIN, $left);
        $block .= $part;
        $left -= strlen($part);
    }
    return $block;
}

// Before Workerman 5 a request is what parseHttpHeader leaves in the superglobals.
// What PHP has to say of odd requests must not get into the answers.
error_reporting(E_ALL & ~E_WARNING & ~E_NOTICE & ~E_DEPRECATED);
$parse = method_exists(Workerman\Protocols\Websocket::class, 'parseHttpHeader')
    ? new ReflectionMethod(Workerman\Protocols\Websocket::class, 'parseHttpHeader') : null;
$gateway = (new ReflectionClass(CapturingGateway::class))->newInstanceWithoutConstructor();
while (($block = readBlock()) !== null) {
    if ($block === '') {
        $answer = (string)(parse_url(readBlock())['query'] ?? '');
    } elseif ($parse !== null) {
        $_GET = $_SERVER = $_COOKIE = [];
        $parse->invoke(null, $block);
        $gateway->onWebsocketConnect(new FakeConnection(), $block);
        $answer = serialize($gateway->captured);
    } else {
        $gateway->onWebsocketConnect(new FakeConnection(), new Workerman\Protocols\Http\Request($block));
        $answer = serialize($gateway->captured);
    }
    fwrite(STDOUT, pack('N', strlen($answer)) . $answer);
}

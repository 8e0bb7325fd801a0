<?php
// What the original does with the bytes of one client. Reads from standard
// input, each behind 4 bytes of length: a protocol (websocket, text, frame or
// tcp), for websocket perhaps headers of the answer behind it, each behind a "|",
// the number of chunks, the chunks. The chunks are put on a socket one
// after the other and read by Workerman's TcpConnection. Answers with events,
// a letter and a block each, ended by "." : h handshake, m message, o bytes
// written to the client, c closed.
//
// Packets are not remembered from connection to connection here (the original
// does; it is the bug that delivers one client's text as another's).
require getenv('GATEWAYWORKER_PHP_AUTOLOAD');

use Workerman\Connection\TcpConnection;
use Workerman\Events\EventInterface;

final class NoLoop implements EventInterface
{
    public function delay(float $delay, callable $func, array $args = []): int { return 0; }
    public function offDelay(int $timerId): bool { return true; }
    public function repeat(float $interval, callable $func, array $args = []): int { return 0; }
    public function offRepeat(int $timerId): bool { return true; }
    public function onReadable($stream, callable $func): void {}
    public function offReadable($stream): bool { return true; }
    public function onWritable($stream, callable $func): void {}
    public function offWritable($stream): bool { return true; }
    public function onSignal(int $signal, callable $func): void {}
    public function offSignal(int $signal): bool { return true; }
    public function deleteAllTimer(): void {}
    public function run(): void {}
    public function stop(): void {}
    public function getTimerCount(): int { return 0; }
    public function setErrorHandler(callable $errorHandler): void {}
}

final class UncachedConnection extends TcpConnection
{
    public const MAX_CACHE_STRING_LENGTH = -1;
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

function event(string $kind, string $data = ''): void
{
    fwrite(STDOUT, $kind . pack('N', strlen($data)) . $data);
}

const CLASSES = [
    'websocket' => Workerman\Protocols\Websocket::class,
    'text' => Workerman\Protocols\Text::class,
    'frame' => Workerman\Protocols\Frame::class,
    'tcp' => null,
];

Workerman\Worker::$daemonize = true; // keeps safeEcho off standard output
Workerman\Worker::$outputStream = fopen('/dev/null', 'w');

$loop = new NoLoop();
while (($protocol = readBlock()) !== null) {
    [$near, $far] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    stream_set_blocking($far, false);
    $connection = new UncachedConnection($loop, $near, '192.0.2.7:54321');
    $headers = explode('|', $protocol);
    $connection->protocol = CLASSES[array_shift($headers)];
    $written = static function () use ($far): void {
        $data = (string)@stream_get_contents($far);
        if ($data !== '') {
            event('o', $data);
        }
    };
    $closed = false;
    $connection->onWebSocketConnect = static function ($c) use ($written, $headers): void {
        $c->headers = $headers;
        $written();
        event('h');
    };
    $connection->onMessage = static function ($c, $data) use ($written): void {
        $written();
        event('m', $data);
    };
    $connection->onClose = static function () use (&$closed): void {
        $closed = true;
    };
    for ($chunks = (int)readBlock(); $chunks > 0; --$chunks) {
        $chunk = readBlock();
        for ($i = 0; $i < strlen($chunk) && !$closed; $i += 65536) {
            fwrite($far, substr($chunk, $i, 65536));
            $connection->baseRead($near);
        }
    }
    $written();
    if ($closed) {
        event('c');
    } else {
        $connection->destroy();
    }
    event('.');
    fclose($far);
    unset($connection);
}

<?php
// The PHP worker of the cluster; worker_test.go is the same in Go.
// WORKER_NAME, REGISTER_ADDRESS, JOURNAL.

use GatewayWorker\BusinessWorker;
use GatewayWorker\Lib\Gateway;
use Workerman\Timer;

require __DIR__ . '/../../../php-fixtures/autoload.php';

class Events
{
    private static $journal;

    public static function onWorkerStart($worker): void
    {
        self::$journal = fopen(getenv('JOURNAL'), 'ab');
        self::write('B');
        $known = -1;
        Timer::add(0.002, static function () use ($worker, &$known): void {
            if (count($worker->gatewayConnections) !== $known) {
                $known = count($worker->gatewayConnections);
                self::write("G $known");
            }
        });
    }

    public static function onConnect($client_id): void
    {
        self::write("C", $client_id);
    }

    public static function onWebSocketConnect($client_id, $data): void
    {
        $name = $data['get']['name'];
        self::write("W", $client_id, $name);
        self::greet($client_id, $name);
    }

    public static function onMessage($client_id, $message): void
    {
        [$verb, $name, $number] = explode(' ', $message);
        self::write("M", $client_id, "$name $number");
        if ($verb === 'h') {
            self::greet($client_id, $name);
        } elseif ($verb === 's') {
            $_SESSION['n'] = (int)$number;
        }
        Gateway::sendToCurrentClient("e $name $number " . getmypid());
    }

    public static function onClose($client_id): void
    {
        self::write("X", $client_id, $_SESSION['name'] ?? '-');
    }

    private static function greet(string $client_id, string $name): void
    {
        $_SESSION['name'] = $name;
        Gateway::bindUid($client_id, "u-$name");
        Gateway::joinGroup($client_id, 'room');
        Gateway::sendToCurrentClient("hello $name $client_id " . getmypid());
    }

    /** One line is one write. */
    private static function write(string $kind, string $client_id = '', string $more = ''): void
    {
        [$kind, $number] = explode(' ', $kind) + ['', ''];
        $line = (int)(microtime(true) * 1e6) . " $kind " . getmypid();
        if ($client_id !== '') {
            $line .= " $client_id {$_SERVER['REMOTE_PORT']}";
        }
        foreach ([$number, $more] as $part) {
            $line .= $part === '' ? '' : " $part";
        }
        fwrite(self::$journal, "$line\n");
    }
}

Fixture::prepare('businessworker');
$worker = new BusinessWorker();
$worker->name = Fixture::env('WORKER_NAME');
$worker->count = 1;
$worker->registerAddress = Fixture::envList('REGISTER_ADDRESS');
$worker->onWorkerStart = [Fixture::class, 'started'];
Fixture::run();

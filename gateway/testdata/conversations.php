<?php
// Three PHP gateways for TestConversationsWithPHP, which passes a temporary
// directory and, for each gateway, its client port and its inner port.

use GatewayWorker\Gateway;
use Workerman\Worker;

require getenv('GATEWAYWORKER_PHP_AUTOLOAD');

// Connection ids start again when the last client is gone, as in a new process.
class ConversationGateway extends Gateway
{
    public function onClientClose($connection)
    {
        parent::onClientClose($connection);
        if (!$this->_clientConnections) {
            self::$_connectionIdRecorder = 0;
        }
    }
}

[$dir, $textPort, $textInner, $wsPort, $wsInner, $keyPort, $keyInner, $registerPort] = explode(',', getenv('CONVERSATIONS'));

foreach ([['text', $textPort, $textInner, ''], ['websocket', $wsPort, $wsInner, ''], ['text', $keyPort, $keyInner, 's3cret']] as [$scheme, $port, $inner, $key]) {
    $gateway = new ConversationGateway("$scheme://127.0.0.1:$port");
    $gateway->count = 1;
    $gateway->lanIp = '127.0.0.1';
    $gateway->startPort = (int)$inner;
    $gateway->secretKey = $key;
    $gateway->registerAddress = "127.0.0.1:$registerPort"; // nobody listens there
}

Worker::$pidFile = "$dir/pid";
Worker::$logFile = "$dir/log";
Worker::$statusFile = "$dir/status";
Worker::$stdoutFile = "$dir/stdout";
Worker::runAll();

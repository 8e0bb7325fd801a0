<?php
// Asks PHP's Gateway what it makes of a command's ext_data. Each line of stdin
// is "<cmd> <base64 of ext_data>"; each line of stdout says which connections
// were sent to, or what was answered, or that PHP would have died.
//
// There are 13 connections, 0 to 12. Connection i has the i-th name of the
// vocabulary as its uid and is the only member of the group of that name.
error_reporting(0);
require getenv('GATEWAYWORKER_PHP_AUTOLOAD');

class Client
{
    public $uid;
    public $session = 's';
    public $protocol = null;
    public static array $sent = [];
    public function __construct(public int $id) {}
    public function send($body, $raw = false) { self::$sent[] = $this->id; }
}
class Inner
{
    public $authorized = true;
    public string $answer = '';
    public function send($data, $raw = false) { $this->answer = substr($data, 4); }
}
class Oracle extends GatewayWorker\Gateway
{
    public function fill(array $names): void
    {
        foreach ($names as $i => $name) {
            $c = new Client($i);
            $c->uid = $name;
            $this->_clientConnections[$i] = $c;
            $this->_uidConnections[$name] = [$i => $c];
            $this->_groupConnections[$name] = [$i => $c];
        }
    }
}

$gateway = new Oracle('text://127.0.0.1:1');
$gateway->fill(json_decode($argv[1], true));
while (($line = fgets(STDIN)) !== false) {
    [$cmd, $ext] = explode(' ', rtrim($line, "\n"));
    Client::$sent = [];
    $inner = new Inner();
    ob_start();
    try {
        $gateway->onWorkerMessage($inner, ['cmd' => (int)$cmd, 'flag' => 1, 'connection_id' => 0,
            'ext_data' => base64_decode($ext), 'body' => 'm']);
        $out = $inner->answer === '' ? implode(',', Client::$sent) : json_encode(unserialize($inner->answer), JSON_FORCE_OBJECT);
    } catch (Throwable $e) {
        $out = 'died';
    }
    ob_end_clean();
    echo $out, "\n";
}

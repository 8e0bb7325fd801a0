<?php

declare(strict_types=1);

namespace GoGatewayWorker;

use Workerman\Worker;

/** A Gateway. */
final class GatewayPlan extends Plan
{
    /** What becomes of every public property; PropertiesTest has each. */
    public const PROPERTIES = [
        'lanIp' => '--lan-ip', 'innerTcpWorkerListen' => '--inner-listen', 'startPort' => '--start-port', 'lanPort' => 'no effect',
        'registerAddress' => '--register-address', 'secretKey' => 'environment',
        'pingInterval' => '--ping-interval', 'pingNotResponseLimit' => '--ping-not-response-limit', 'pingData' => '--ping-data',
        'sendToWorkerBufferSize' => '--send-to-worker-buffer-size', 'sendToClientBufferSize' => '--send-to-client-buffer-size',
        'protocolAccelerate' => 'no effect', 'router' => 'PHP unless routerBind',
        'name' => 'status', 'count' => 'stand-ins', 'user' => 'Workerman', 'group' => 'Workerman', 'reusePort' => 'Workerman',
        'reloadable' => 'signals', 'transport' => '--transport', 'protocol' => '--listen', 'eventLoop' => 'no effect',
        'id' => 'no effect', 'connections' => 'no effect', 'stopping' => 'no effect', 'workerId' => 'no effect',
        'onWorkerExit' => 'Workerman',
        'onWorkerStart' => 'PHP', 'onWorkerStop' => 'PHP', 'onWorkerReload' => 'PHP',
        'onConnect' => 'PHP', 'onMessage' => 'PHP', 'onClose' => 'PHP', 'onError' => 'PHP', 'onBufferFull' => 'PHP', 'onBufferDrain' => 'PHP',
        'onWebSocketConnect' => 'PHP', 'onWebSocketConnected' => 'PHP', 'onBusinessWorkerConnected' => 'PHP', 'onBusinessWorkerClose' => 'PHP',
    ];

    /** Subclasses whose methods hand through to PHP's Gateway and do nothing else. */
    private const FRAMEWORKS = ['Webman\\GatewayWorker\\Gateway'];

    private const PROTOCOLS = ['websocket' => 'Websocket', 'text' => 'Text', 'frame' => 'Frame'];

    protected function command(): string
    {
        return 'gateway';
    }

    protected function plan(): void
    {
        $g = $this->subject;
        $this->listen();
        $this->addresses();
        $this->heartbeat();
        $this->balancing();
        foreach (['sendToWorkerBufferSize' => 'send-to-worker-buffer-size', 'sendToClientBufferSize' => 'send-to-client-buffer-size'] as $property => $flag) {
            if (!is_numeric($g->$property) || (int) $g->$property < 1) {
                $this->stays("$property is no number of bytes");
                continue;
            }
            $this->flag($flag, (string) (int) $g->$property);
        }
        // Workerman decides, not GatewayWorker.
        $this->flag('handshake-data', version_compare(Worker::VERSION, '5.0.0-alpha', '>=') ? '4' : '3');
        $this->secretKey();
        $this->maxPackageSize();
        $this->callbacks(array_keys(self::PROPERTIES, 'PHP', true));
        $this->unknown('GatewayWorker\\OriginalGateway', array_keys(self::PROPERTIES));
        $this->overrides('GatewayWorker\\Gateway', self::FRAMEWORKS);
    }

    private function listen(): void
    {
        $name = $this->socketName();
        if (!preg_match('~^([a-z][a-z0-9]*)://(.+:\d+)/?$~i', $name, $m)) {
            $this->stays("its address $name is not protocol://host:port");
            return;
        }
        $scheme = strtolower($m[1]);
        if ($scheme === 'tcp') {
            $protocol = ltrim((string) ($this->worker->protocol ?? ''), '\\');
            $known = array_search($protocol, array_map(static function (string $p): string {
                return "Workerman\\Protocols\\$p";
            }, self::PROTOCOLS), true);
            if ($protocol !== '' && $known === false) {
                $this->stays("protocol is $protocol, a class of PHP");
                return;
            }
            $scheme = $known === false ? 'tcp' : $known;
        } elseif (!isset(self::PROTOCOLS[$scheme])) {
            $this->stays("the protocol of its address, $scheme, is not websocket, text, frame or tcp");
            return;
        } elseif (class_exists('Protocols\\' . self::PROTOCOLS[$scheme])) {
            $this->stays('Protocols\\' . self::PROTOCOLS[$scheme] . ' is a protocol of your own');
            return;
        }
        $this->protocol = self::PROTOCOLS[$scheme] ?? 'tcp';
        $this->flag('listen', "$scheme://$m[2]");
        switch ($this->worker->transport) {
            case 'tcp':
                return;
            case 'ssl':
                $this->ssl();
                return;
        }
        $this->stays('transport is ' . $this->worker->transport);
    }

    private function ssl(): void
    {
        $this->flag('transport', 'ssl');
        $ssl = new SslContext($this->context['ssl'] ?? []);
        foreach ($ssl->reasons() as $reason) {
            $this->stays($reason);
        }
        foreach ($ssl->flags() as $flag => $value) {
            $this->flag($flag, $value);
        }
    }

    private function addresses(): void
    {
        $g = $this->subject;
        $ip = filter_var($g->lanIp, FILTER_VALIDATE_IP, FILTER_FLAG_IPV4) ? (string) $g->lanIp : gethostbyname((string) $g->lanIp);
        if (!filter_var($ip, FILTER_VALIDATE_IP, FILTER_FLAG_IPV4)) {
            $this->stays("lanIp {$g->lanIp} is no IPv4 address, nor the name of one");
        } else {
            $this->flag('lan-ip', $ip);
        }
        $inner = (string) ($g->innerTcpWorkerListen ?? '');
        if ($inner !== '' && property_exists('GatewayWorker\\Gateway', 'innerTcpWorkerListen')) {
            if (filter_var($inner, FILTER_VALIDATE_IP)) {
                $this->flag('inner-listen', $inner);
            } else {
                $this->stays("innerTcpWorkerListen $inner is no IP address");
            }
        }
        if (!is_numeric($g->startPort) || (int) $g->startPort < 1 || (int) $g->startPort > 65535) {
            $this->stays('startPort is no port');
        } else {
            $this->flag('start-port', (string) (int) $g->startPort);
        }
        $registers = array_map('strval', array_values((array) $g->registerAddress));
        foreach ($registers as $address) {
            if (!preg_match('/^[^\s,\/]+:\d+$/', $address)) {
                $this->stays("registerAddress $address is not host:port");
            }
        }
        if (!$registers) {
            $this->stays('registerAddress is empty');
        }
        $this->flag('register-address', ...$registers);
    }

    private function heartbeat(): void
    {
        $g = $this->subject;
        if ($g->pingData !== null && !is_scalar($g->pingData)) {
            $this->stays('pingData is no text');
            return;
        }
        $this->flag('ping-interval', (string) max(0, (float) $g->pingInterval));
        $this->flag('ping-not-response-limit', (string) max(0, (int) $g->pingNotResponseLimit));
        $this->flag('ping-data', $g->pingData ? (string) $g->pingData : '');
    }

    private function balancing(): void
    {
        $router = $this->subject->router;
        $own = is_array($router) && count($router) === 2 && is_string($router[0])
            && strcasecmp(ltrim($router[0], '\\'), 'GatewayWorker\\Gateway') === 0 && strcasecmp((string) $router[1], 'routerBind') === 0;
        if (!$own) {
            $this->stays('router is set, which only PHP can run');
        }
        $class = get_class($this->subject);
        if (!property_exists($class, 'selectLoadBalancingMode')) { // GatewayWorker 3.0: any worker
            $this->flag('router', 'random');
            return;
        }
        $mode = $class::$selectLoadBalancingMode;
        if (!in_array($mode, ['router_least_connections', 'router_random'], true)) {
            $this->stays('Gateway::$selectLoadBalancingMode is ' . var_export($mode, true));
            return;
        }
        $this->flag('router', $mode);
    }

    public function timers(): int
    {
        $timers = (int) ($this->subject->pingInterval > 0) + (int) ($this->subject->lanIp !== '127.0.0.1');
        foreach ((array) $this->subject->registerAddress as $address) {
            $timers += (int) (strpos((string) $address, '127.0.0.1') !== 0);
        }
        return $timers;
    }

    public function innerAddress(int $id): ?string
    {
        $ip = $this->flags['inner-listen'][0] ?? $this->flags['lan-ip'][0];
        if (!isset($this->flags['inner-listen']) && filter_var($ip, FILTER_VALIDATE_IP, FILTER_FLAG_NO_PRIV_RANGE | FILTER_FLAG_NO_RES_RANGE)) {
            $ip = '0.0.0.0'; // as PHP does with a public address
        }
        return (strpos($ip, ':') === false ? $ip : "[$ip]") . ':' . ((int) $this->subject->startPort + $id);
    }
}

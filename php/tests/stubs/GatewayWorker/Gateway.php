<?php

namespace GatewayWorker;

use Workerman\Worker;

/** The public side of PHP's class. */
class Gateway extends Worker
{
    const ROUTER_RANDOM = 'router_random';
    const ROUTER_LEAST_CONNECTIONS = 'router_least_connections';

    public static $selectLoadBalancingMode = self::ROUTER_LEAST_CONNECTIONS;

    public $lanIp = '127.0.0.1';
    public $innerTcpWorkerListen = '';
    public $lanPort = 0;
    public $startPort = 2000;
    public $registerAddress = '127.0.0.1:1236';
    public $pingInterval = 0;
    public $pingNotResponseLimit = 0;
    public $pingData = '';
    public $secretKey = '';
    public $router = null;
    public $sendToWorkerBufferSize = 10240000;
    public $sendToClientBufferSize = 1024000;
    public $protocolAccelerate = false;
    public $onBusinessWorkerConnected = null;
    public $onBusinessWorkerClose = null;

    public function __construct($socket_name, $context_option = array())
    {
        parent::__construct($socket_name, $context_option);
        $this->reloadable = false;
        $this->router = array('\\GatewayWorker\\Gateway', 'routerBind');
    }

    public static function routerBind($workers, $client, $cmd, $body)
    {
    }

    public function onWorkerStart()
    {
    }

    public function onClientConnect($connection)
    {
    }
}

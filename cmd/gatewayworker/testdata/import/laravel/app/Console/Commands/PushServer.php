<?php

namespace App\Console\Commands;

use GatewayWorker\BusinessWorker;
use GatewayWorker\Gateway;
use GatewayWorker\Register;
use Illuminate\Console\Command;
use Workerman\Worker;

class PushServer extends Command
{
    protected $signature = 'push {action} {--d}';

    protected string $register = '127.0.0.1:1236';

    public function handle()
    {
        global $argv;
        $action = $this->argument('action');
        $argv[1] = $action;
        $argv[2] = $this->option('d') ? '-d' : '';
        $this->startGateWay();
        $this->startBusinessWorker();
        $this->startRegister();
        Worker::runAll();
    }

    private function startGateWay()
    {
        $gateway = new Gateway('websocket://0.0.0.0:' . config('push.port'));
        $gateway->name = 'Gateway';
        $gateway->startPort = 2300;
        $gateway->pingInterval = 30;
        $gateway->pingNotResponseLimit = 0;
        $gateway->pingData = '{"type":"@heart@"}';
        $gateway->registerAddress = $this->register;
        $gateway->lanIp = gethostbyname(gethostname());
    }

    private function startBusinessWorker()
    {
        $worker = new BusinessWorker();
        $worker->eventHandler = \App\Push\Events::class;
    }

    private function startRegister()
    {
        new Register("text://{$this->register}");
    }
}

<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** A Register. */
final class RegisterPlan extends Plan
{
    /** What becomes of every public property; PropertiesTest has each. */
    public const PROPERTIES = [
        'secretKey' => 'environment', 'name' => 'status', 'count' => 'stand-ins', 'user' => 'Workerman', 'group' => 'Workerman',
        'reusePort' => 'Workerman', 'reloadable' => 'signals', 'transport' => 'tcp only', 'protocol' => 'always Text',
        'eventLoop' => 'no effect', 'id' => 'no effect', 'connections' => 'no effect', 'stopping' => 'no effect', 'workerId' => 'no effect',
        'onWorkerExit' => 'Workerman', 'onWorkerStart' => 'PHP', 'onWorkerStop' => 'PHP', 'onWorkerReload' => 'PHP',
        'onConnect' => 'PHP', 'onMessage' => 'PHP', 'onClose' => 'PHP', 'onError' => 'PHP', 'onBufferFull' => 'PHP', 'onBufferDrain' => 'PHP',
        'onWebSocketConnect' => 'PHP', 'onWebSocketConnected' => 'PHP',
    ];

    protected function command(): string
    {
        return 'register';
    }

    protected function plan(): void
    {
        $this->protocol = 'Text';
        $name = $this->socketName();
        if (!preg_match('~^(?:text|tcp)://(.+:\d+)/?$~i', $name, $m)) {
            $this->stays("its address $name is not text://host:port");
        } else {
            $this->flag('listen', "text://$m[1]");
        }
        if ($this->worker->transport !== 'tcp') {
            $this->stays('transport is ' . $this->worker->transport);
        }
        $this->secretKey();
        $this->callbacks(array_keys(self::PROPERTIES, 'PHP', true));
        $this->unknown('GatewayWorker\\OriginalRegister', array_keys(self::PROPERTIES));
        $this->overrides('GatewayWorker\\Register', []);
    }

    public function timers(): int
    {
        return 0;
    }

    public function innerAddress(int $id): ?string
    {
        return null;
    }
}

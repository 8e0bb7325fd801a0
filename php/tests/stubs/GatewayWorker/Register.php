<?php

namespace GatewayWorker;

use Workerman\Worker;

/** The public side of PHP's class. */
class Register extends Worker
{
    public $secretKey = '';

    public function __construct(string $socketName = '', array $contextOption = [])
    {
        $this->name = 'Register';
        $this->reloadable = false;
        parent::__construct($socketName, $contextOption);
    }
}

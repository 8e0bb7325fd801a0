<?php

namespace GatewayWorker;

/** PHP's Register, which the program takes the place of where it can. */
class Register extends OriginalRegister
{
    use \GoGatewayWorker\TakesPlace;

    protected function goPlan(): \GoGatewayWorker\Plan
    {
        return new \GoGatewayWorker\RegisterPlan($this, $this->goContextOptions());
    }
}

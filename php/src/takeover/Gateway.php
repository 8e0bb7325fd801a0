<?php

namespace GatewayWorker;

/** PHP's Gateway, which the program takes the place of where it can. */
class Gateway extends OriginalGateway
{
    use \GoGatewayWorker\TakesPlace;

    protected function goPlan(): \GoGatewayWorker\Plan
    {
        return new \GoGatewayWorker\GatewayPlan($this, $this->goContextOptions());
    }

    /**
     * Some frameworks have a Worker of their own listen, and hand this object its
     * callbacks.
     */
    public function onWorkerStart()
    {
        if ($this->goIsGuest() && $this->goBecomeGuest()) {
            return;
        }
        parent::onWorkerStart(...func_get_args());
    }
}

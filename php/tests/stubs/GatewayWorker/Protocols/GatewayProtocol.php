<?php

namespace GatewayWorker\Protocols;

class GatewayProtocol
{
}

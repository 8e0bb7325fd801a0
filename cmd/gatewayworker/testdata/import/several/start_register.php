<?php
require __DIR__ . '/settings.inc';
$register = new GatewayWorker\Register('text://' . REGISTER);
$register->secretKey = KEY;

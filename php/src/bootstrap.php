<?php

/*
 * Composer reads this file with its autoloader, before any class of GatewayWorker.
 */

declare(strict_types=1);

namespace GoGatewayWorker;

if (PHP_SAPI === 'cli' || PHP_SAPI === 'micro') {
    Takeover::install();
}

<?php
// Loads the PHP originals: from the file that GATEWAYWORKER_PHP_AUTOLOAD names,
// else from Composer's vendor directory beside this file.

$fixtures_autoload = getenv('GATEWAYWORKER_PHP_AUTOLOAD') ?: __DIR__ . '/vendor/autoload.php';
if (!is_file($fixtures_autoload)) {
    fwrite(STDERR, "no autoload file at $fixtures_autoload: run composer install in " . __DIR__
        . " or set GATEWAYWORKER_PHP_AUTOLOAD\n");
    exit(1);
}
require_once $fixtures_autoload;
require_once __DIR__ . '/Fixture.php';
require_once __DIR__ . '/GatewayCalls.php';

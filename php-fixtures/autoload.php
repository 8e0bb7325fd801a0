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
if (getenv('FIXTURE_PACKAGE')) { // the Composer package takes the place of Gateway and Register
    spl_autoload_register(static function (string $class): void {
        $file = __DIR__ . '/../php/src/' . substr($class, strlen('GoGatewayWorker\\')) . '.php';
        if (strncmp($class, 'GoGatewayWorker\\', 16) === 0 && is_file($file)) {
            require_once $file;
        }
    });
    require_once __DIR__ . '/../php/src/bootstrap.php';
}
require_once __DIR__ . '/Fixture.php';
require_once __DIR__ . '/GatewayCalls.php';

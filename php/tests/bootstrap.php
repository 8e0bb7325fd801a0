<?php

// The package with PHP's originals, if GATEWAYWORKER_PHP_AUTOLOAD names their
// autoloader, else with stubs that have the same public properties.

declare(strict_types=1);

error_reporting(E_ALL & ~E_DEPRECATED); // the originals create properties

$originals = (string) getenv('GATEWAYWORKER_PHP_AUTOLOAD');
spl_autoload_register(static function (string $class) use ($originals): void {
    $places = ['GoGatewayWorker\\Tests\\' => __DIR__, 'GoGatewayWorker\\' => __DIR__ . '/../src'];
    if ($originals === '') {
        $places += ['Workerman\\' => __DIR__ . '/stubs/Workerman', 'GatewayWorker\\' => __DIR__ . '/stubs/GatewayWorker'];
    }
    foreach ($places as $prefix => $directory) {
        if (strncmp($class, $prefix, strlen($prefix)) === 0) {
            $file = $directory . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (is_file($file)) {
                require_once $file;
            }
            return;
        }
    }
});
if ($originals !== '') {
    require_once $originals;
}
require_once __DIR__ . '/../src/bootstrap.php';

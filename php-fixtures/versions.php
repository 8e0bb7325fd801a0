<?php
// Prints, on one line of JSON, the versions of PHP and of the originals that autoload.php finds.

require __DIR__ . '/autoload.php';

/** Composer's version of a package, else what its composer.json says, with a digest of the class's file. */
function package_version(string $package, string $class): string
{
    $file = (new ReflectionClass($class))->getFileName();
    $version = '';
    if (class_exists(\Composer\InstalledVersions::class) && \Composer\InstalledVersions::isInstalled($package)) {
        $version = (string)\Composer\InstalledVersions::getPrettyVersion($package);
    } else {
        foreach ([dirname($file), dirname($file, 2), dirname($file, 3)] as $dir) {
            if (is_file("$dir/composer.json")) {
                $json = json_decode(file_get_contents("$dir/composer.json"), true);
                $version = $json['version'] ?? $json['extra']['branch-alias']['dev-master'] ?? '';
                break;
            }
        }
    }
    return trim($version . ' ' . substr(hash_file('sha256', $file), 0, 8));
}

echo json_encode([
    'php' => PHP_VERSION,
    'workerman' => \Workerman\Worker::VERSION,
    'gateway-worker' => package_version('workerman/gateway-worker', \GatewayWorker\Gateway::class),
    'gatewayclient' => package_version('workerman/gatewayclient', \GatewayClient\Gateway::class),
]), "\n";

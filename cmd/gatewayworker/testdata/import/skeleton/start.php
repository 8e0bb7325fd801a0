<?php
// All in one, as the skeleton project has it: php start.php start
use Workerman\Worker;

ini_set('display_errors', 'on');

if (strpos(strtolower(PHP_OS), 'win') === 0) {
    exit("start.php not support windows\n");
}
if (!extension_loaded('pcntl')) {
    exit("Please install pcntl extension\n");
}

define('GLOBAL_START', 1);

foreach (glob(__DIR__ . '/Applications/*/start*.php') as $start_file) {
    require_once $start_file;
}

Worker::runAll();

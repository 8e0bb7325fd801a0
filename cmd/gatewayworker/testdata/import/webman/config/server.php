<?php
return [
    'event_loop' => '',
    'pid_file' => runtime_path() . '/webman.pid',
    'max_package_size' => 20 * 1024 * 1024,
];

<?php
return [
    'enable' => true,
];

<?php
return ['port' => env('PUSH_PORT', 2346)];

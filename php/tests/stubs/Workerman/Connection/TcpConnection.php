<?php

namespace Workerman\Connection;

class TcpConnection
{
    public static int $defaultMaxPackageSize = 10485760;
}

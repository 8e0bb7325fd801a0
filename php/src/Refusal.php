<?php

declare(strict_types=1);

namespace GoGatewayWorker;

/** Why a project cannot start as it is, and what to do. */
final class Refusal extends \RuntimeException
{
}
